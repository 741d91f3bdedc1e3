"""Results of commands as terminal output and as JSON."""
