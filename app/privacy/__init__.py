"""A person's right to be forgotten, and the time after which everybody is."""
