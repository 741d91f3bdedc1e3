"""Estimates, intervals and effect sizes of samples: functions of numbers, without experiments.

Randomness of the bootstrap comes from a generator that the caller passes.
"""
