"""The tables of a benchmark folder: how they are split, and how predictions are scored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: task of a table -> (metric, whether greater is better)
METRICS = {"binary": ("roc_auc", True), "multiclass": ("log_loss", False), "regression": ("rmse", False)}


def find_tables(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the description of every table in `folder`, or in its subfolder ``tabular``, by name."""
    found = {}
    root = folder / "tabular" if (folder / "tabular").is_dir() else folder
    for path in sorted(root.glob("*.json")):
        meta = json.loads(path.read_text(encoding="utf-8"))
        data = path.with_suffix(".parquet")
        if data.exists() and meta.get("task") in METRICS:
            found[str(meta.get("name", path.stem))] = {**meta, "path": str(data)}
    return found


def split_table(meta: Mapping[str, Any], fold: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return 70 % of the rows to train on and 30 % to test on, stratified for classification.

    Class labels become text, so that no system's 1.0 meets another's 1.
    """
    from sklearn.model_selection import train_test_split

    target = meta["target"]
    frame = pd.read_parquet(meta["path"]).dropna(subset=[target]).reset_index(drop=True)
    classes = None
    if meta["task"] != "regression":
        frame[target] = frame[target].astype(str)
        classes = frame[target]
    train, test = train_test_split(np.arange(len(frame)), test_size=0.3, random_state=1000 + fold, stratify=classes)
    return frame.iloc[train].reset_index(drop=True), frame.iloc[test].reset_index(drop=True)


def score(task: str, y: pd.Series, prediction: np.ndarray, classes: np.ndarray) -> float:
    """Return the score of predictions: values for regression, else one column of probabilities a class.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        The kind of table.
    y : Series
        The test target.
    prediction : ndarray
        Shape (n,) for regression, else (n, number of classes).
    classes : ndarray
        The labels, as text, in the order of the columns of `prediction`.
    """
    from sklearn.metrics import log_loss, roc_auc_score

    if task == "regression":
        return float(np.sqrt(np.mean((y.to_numpy(dtype=float) - prediction) ** 2)))
    order = np.argsort(classes.astype(str))
    labels = classes.astype(str)[order]
    proba = np.clip(np.asarray(prediction, dtype=float)[:, order], 1e-15, None)
    proba /= proba.sum(axis=1, keepdims=True)
    truth = y.astype(str).to_numpy()
    if task == "binary":
        return float(roc_auc_score(truth == labels[1], proba[:, 1]))
    return float(log_loss(truth, proba, labels=list(labels)))
