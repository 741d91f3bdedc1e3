"""Stored experiments, found in the output folder or at a server."""
