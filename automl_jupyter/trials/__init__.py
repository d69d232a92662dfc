"""Trials: what one is, and the only code that runs on a worker.

Start reading at :mod:`automl_jupyter.trials.records`; :mod:`automl_jupyter.trials.plan` decides what will be tried,
:mod:`automl_jupyter.trials.evaluate` fits one fold of it.
"""
