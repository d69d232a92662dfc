"""The terminal door: ``automl-jupyter run job.yml`` and what goes with it.

Start reading at :mod:`automl_jupyter.cli.app`, which holds the commands;
:mod:`automl_jupyter.cli.follow` waits for a job, :mod:`automl_jupyter.cli.board` draws it from the one
snapshot every view reads.
"""
