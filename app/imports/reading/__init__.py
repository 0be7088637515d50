"""The bytes of a file -> its records, read truthfully or not at all. Pure."""
