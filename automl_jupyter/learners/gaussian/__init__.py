"""Gaussian processes for small tables."""
