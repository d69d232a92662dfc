"""What to try next, when to stop and how to combine: pure decisions, without clock, files or cluster.

Start reading at :mod:`automl_jupyter.search.opening`.
"""
