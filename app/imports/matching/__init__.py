"""The columns of a file matched onto ours: by headers, by values. Pure."""
