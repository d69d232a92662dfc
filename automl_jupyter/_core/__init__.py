"""Small mechanisms that know nothing of machine learning: files, text, time, registries, extras."""
