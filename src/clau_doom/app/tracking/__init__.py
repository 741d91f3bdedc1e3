"""Tracking: readers of an experiment's log that write curves, configuration, results and the champion's film."""
