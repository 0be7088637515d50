"""Who is asking: platforms, actors, keys."""
