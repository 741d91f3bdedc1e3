"""Checks of `clau-doom doctor`: the host, Docker and Ray."""
