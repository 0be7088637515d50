"""Mails that stayed in a folder, for administrators to read while an installation is tried out."""
