"""Naive Bayes learners, a file each."""
