"""Running a job: decide, act, remember.

:mod:`automl_jupyter.jobs.state` decides (pure), :mod:`automl_jupyter.jobs.controller` acts and is the one writer of
the log, the executors run fits. Start reading at the state.
"""
