"""Learners of many whole series at once: networks that read a series from left to right."""
