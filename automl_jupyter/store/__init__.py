"""What happened, on disk: events, the folder of a job, its lock.

Start reading at :mod:`automl_jupyter.store.events`; :mod:`automl_jupyter.store.history` folds them.
"""
