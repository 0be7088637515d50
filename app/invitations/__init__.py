"""Inviting people: the one door every person comes through, alone or from a file."""
