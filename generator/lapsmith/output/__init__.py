"""Files to disk: a client's folder, the manifest in it, and what of a file a formatter leaves alone."""
