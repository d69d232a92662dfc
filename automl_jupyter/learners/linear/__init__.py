"""Linear learners, a file each."""
