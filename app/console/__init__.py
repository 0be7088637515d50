"""Pages people meet: plain files that use only the public API."""
