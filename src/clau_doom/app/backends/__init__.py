"""Backends of a plan: what each needs from this machine, and how it is created."""
