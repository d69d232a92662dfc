"""Learners of scikit-learn's trees, a file each."""
