"""The Python door: factories, the job handle, ``MLClient``.

Start reading at :mod:`automl_jupyter.client.submit`.
"""

from __future__ import annotations

from automl_jupyter.client.submit import submit
from automl_jupyter.store.folder import default_workspace

__all__ = ["default_workspace", "submit"]
