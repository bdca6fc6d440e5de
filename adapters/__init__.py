"""One file per role: the implementation for a laptop first, the one for AWS under it; their clients are handed in."""
