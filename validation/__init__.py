"""Simulations of the statistical methods: false-positive rates of tests and coverage of intervals.

`python -m validation` draws many tables from known distributions, applies the methods of the analysis to each, and
counts errors. `make validate` runs it.
"""
