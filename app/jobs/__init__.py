"""Who does the background work, and when."""
