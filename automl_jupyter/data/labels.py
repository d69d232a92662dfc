"""Class labels as JSON and back, type and all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def encode_labels(classes: np.ndarray) -> dict[str, Any]:
    """Return class labels as JSON, with what their type was."""
    kind = classes.dtype.kind
    if kind in "iub":
        return {"kind": "bool" if kind == "b" else "int", "values": classes.tolist()}
    if kind == "f":
        return {"kind": "float", "values": classes.tolist()}
    if all(isinstance(c, bool | np.bool_) for c in classes):
        return {"kind": "bool", "values": [bool(c) for c in classes]}
    if all(isinstance(c, int | np.integer) for c in classes):
        return {"kind": "int", "values": [int(c) for c in classes]}
    return {"kind": "str", "values": [str(c) for c in classes]}


def decode_labels(record: Mapping[str, Any]) -> np.ndarray:
    """Return the class labels `encode_labels` wrote."""
    types = {"int": np.int64, "bool": np.bool_, "float": np.float64, "str": object}
    return np.asarray(record["values"], dtype=types[record["kind"]])
