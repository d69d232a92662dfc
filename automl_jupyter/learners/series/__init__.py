"""Learners that forecast each series by itself, many at once: a row of numbers a series, in and out."""
