"""People from a file: upload, mapping, preview, commit."""
