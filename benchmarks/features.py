"""How long features take: each recipe on 100,000 rows of 50 mixed columns, and one row, on one core.

Run with ``OMP_NUM_THREADS=1 .venv/bin/python benchmarks/features.py``.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import pandas as pd

from automl_jupyter.data.schema import TableSchema
from automl_jupyter.featurization.recipes import RECIPES, make_featurizer

#: times a single row is transformed, to take the middle one
_TIMES = 21


def make_table(n_rows: int) -> pd.DataFrame:
    """Return 25 numbers with gaps, 4 counts, 12 categories of 5 to 60 levels, 4 of 2,000, 3 dates and 2 texts."""
    draw = np.random.default_rng(0)
    columns: dict[str, object] = {
        f"number{k}": np.where(draw.random(n_rows) < 0.05, np.nan, draw.normal(size=n_rows)) for k in range(25)
    }
    columns |= {f"count{k}": draw.integers(0, 50, n_rows) for k in range(4)}
    columns |= {f"few{k}": draw.choice([f"v{j}" for j in range(5 * (k + 1))], n_rows) for k in range(12)}
    columns |= {f"many{k}": draw.integers(0, 2000, n_rows).astype(str) for k in range(4)}
    for k in range(3):
        columns[f"day{k}"] = np.datetime64("2020-01-01") + draw.integers(0, 2000, n_rows).astype("timedelta64[D]")
    words = np.array([f"word{j}" for j in range(3000)])
    for k in range(2):
        columns[f"text{k}"] = [" ".join(row) for row in words[draw.integers(0, 3000, (n_rows, 6))]]
    return pd.DataFrame(columns)


def main() -> None:
    """Print one line a recipe: seconds to fit and transform, seconds to transform, milliseconds for one row, shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    table = make_table(parser.parse_args().rows)
    y = (table["number0"].fillna(0) > 0).astype(int).to_numpy()
    started = time.perf_counter()
    schema = TableSchema.infer(table)
    inferred = time.perf_counter()
    encoded = schema.encode(table)
    print(f"types {inferred - started:.2f} s, encoding {time.perf_counter() - inferred:.2f} s, {table.shape}")
    one = encoded.iloc[[0]]
    for recipe in (*(r for r in RECIPES if r != "none"), "linear+StandardScaler"):
        featurizer = make_featurizer(recipe, schema.columns)
        started = time.perf_counter()
        features = featurizer.fit_transform(encoded, y)
        fitted = time.perf_counter()
        featurizer.transform(encoded)
        done = time.perf_counter()
        of_one = []
        for _ in range(_TIMES):
            begun = time.perf_counter()
            featurizer.transform(one)
            of_one.append(time.perf_counter() - begun)
        stored = features.data.nbytes if hasattr(features, "indptr") else features.nbytes
        print(
            f"{recipe:22} fit and transform {fitted - started:5.2f} s  transform {done - fitted:5.2f} s"
            f"  one row {1000 * np.median(of_one):5.1f} ms  {features.shape[1]:6,} features, {stored / 1e6:,.0f} MB"
        )


if __name__ == "__main__":
    main()
