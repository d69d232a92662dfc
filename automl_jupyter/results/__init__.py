"""What a job found, for people: leaderboard, snapshot for views, the fitted model.

Start reading at :mod:`automl_jupyter.results.snapshot`.
"""
