"""The two systems compared, each run in an interpreter of its own: ``python systems.py job.json``.

`job.json` names the system, the rows and where predictions and measurements go; the test target is not there.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: score of the harness -> primary metric asked for
PRIMARY = {
    "roc_auc": "AUC_weighted",
    "log_loss": "log_loss",
    "rmse": "normalized_root_mean_squared_error",
}


def fit_automl(train: pd.DataFrame, job: dict[str, Any], out: dict[str, Any]) -> Any:
    """Run one ``%%automl`` cell in an IPython shell, as a notebook would, and return the model."""
    from IPython.core.interactiveshell import InteractiveShell

    os.environ["AUTOML_JOBS"] = job["work"]
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "automl_jupyter")
    shell.push({"train": train})
    body = {
        "task": "regression" if job["task"] == "regression" else "classification",
        "training_data": "train",
        "target_column_name": job["target"],
        "primary_metric": PRIMARY[job["metric"]],
        "random_state": job["fold"],
        "limits": {"timeout_minutes": job["minutes"]},
    }
    began_at, began = time.time(), time.perf_counter()
    shell.run_cell_magic("automl", "job --wait", json.dumps(body))  # JSON is YAML
    handle = shell.user_ns["job"]
    model = handle.model
    out["fit_s"] = time.perf_counter() - began
    out["first_row_s"] = first_row_s(handle.path, began_at)
    out["n_trials"] = sum(trial.is_complete for trial in handle.history.trials.values())
    out["model"] = handle.history.model.label if handle.history.model else None
    return model


def first_row_s(folder: Path, began_at: float) -> float | None:
    """Return the seconds from `began_at` to the first score of the job in `folder`, the baseline's aside."""
    from automl_jupyter._core.jsonl import Reader

    for event in Reader(folder / "events.jsonl").read():
        if event.get("kind") == "fold_ended" and event.get("number") != 0:
            return datetime.fromisoformat(event["at"]).timestamp() - began_at
    return None


def fit_lightgbm(train: pd.DataFrame, job: dict[str, Any], out: dict[str, Any]) -> Any:
    """Fit LightGBM with its defaults and return it, wrapped so that it takes rows as they came."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    began = time.perf_counter()
    kind = LGBMRegressor if job["task"] == "regression" else LGBMClassifier
    columns = Columns(train.drop(columns=job["target"]))
    model = kind(random_state=job["fold"], verbose=-1)
    model.fit(columns.encode(train.drop(columns=job["target"])), train[job["target"]])
    out["fit_s"] = time.perf_counter() - began
    return Encoded(columns, model)


class Columns:
    """Turns text columns into pandas categories fixed on the training rows, and dates into numbers."""

    def __init__(self, train: pd.DataFrame) -> None:
        # LightGBM refuses the characters of JSON in names of columns, so positions stand for them
        self._categories = {
            name: pd.Index(train[name].dropna().astype(str).unique())
            for name in train.columns
            if not pd.api.types.is_numeric_dtype(train[name]) and not pd.api.types.is_datetime64_any_dtype(train[name])
        }

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return `frame` as LightGBM takes it."""
        columns = {}
        for position, name in enumerate(frame.columns):
            values = frame[name]
            if name in self._categories:
                known = self._categories[name]
                text = values.astype(object).where(values.notna()).map(str, na_action="ignore")
                text = text.where(text.isin(known))
                values = pd.Series(pd.Categorical(text, categories=known), index=frame.index)
            elif pd.api.types.is_datetime64_any_dtype(values):
                values = values.astype("int64")
            columns[f"f{position}"] = values
        return pd.DataFrame(columns)


class Encoded:
    """A fitted LightGBM with the encoding of its columns."""

    def __init__(self, columns: Columns, model: Any) -> None:
        self._columns, self._model = columns, model
        self.classes_ = getattr(model, "classes_", None)

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Return values."""
        return np.asarray(self._model.predict(self._columns.encode(frame)))

    def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
        """Return probabilities, a column a class."""
        return np.asarray(self._model.predict_proba(self._columns.encode(frame)))


FITS = {"automl_jupyter": fit_automl, "lightgbm": fit_lightgbm}


def main(path: str) -> int:
    """Fit, predict and save; an error is a result too."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    out: dict[str, Any] = {}
    try:
        train, test = pd.read_parquet(job["train"]), pd.read_parquet(job["test"])
        model = FITS[job["system"]](train, job, out)
        began = time.perf_counter()
        prediction = model.predict(test) if job["task"] == "regression" else model.predict_proba(test)
        out["predict_s"] = time.perf_counter() - began
        classes = [] if job["task"] == "regression" else [str(c) for c in model.classes_]
        np.savez(job["prediction"], prediction=np.asarray(prediction), classes=np.array(classes))
    except Exception as error:  # noqa: BLE001 whatever ends a system is its result
        out["error"] = f"{type(error).__name__}: {str(error)[:400]}"
    Path(job["result"]).write_text(json.dumps(out), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
