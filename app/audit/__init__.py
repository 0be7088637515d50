"""The audit list as administrators read it."""
