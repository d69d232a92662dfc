"""How good predictions are: every metric's name, direction, needs and exact definition.

Start reading at :mod:`automl_jupyter.metrics.base`; :mod:`automl_jupyter.metrics.registry` is the door.
"""
