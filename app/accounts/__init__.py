"""How people sign in and mind their passwords; keys and settings of a platform."""
