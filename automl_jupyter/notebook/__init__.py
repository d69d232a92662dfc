"""The notebook door: the ``%%automl`` cell, the ``%automl`` commands, completion and the live view.

Importing this package loads neither widgets nor data libraries, so ``%load_ext automl_jupyter`` is instant.
"""

from __future__ import annotations
