"""How long a profile and the guardrails of a job take: 100,000 rows of 50 mixed columns.

Run with ``.venv/bin/python benchmarks/profile_speed.py``.
"""

from __future__ import annotations

import time

from features import make_table  # beside this file

from automl_jupyter import automl
from automl_jupyter.data.guardrails import run_guardrails
from automl_jupyter.data.load import load_training_table
from automl_jupyter.data.schema import TableSchema
from automl_jupyter.data.split import make_folds, resolve_validation


def main() -> None:
    """Print the seconds a profile, its page and the guardrails take, the first after the imports aside."""
    table = make_table(100_000).assign(y=lambda t: (t["number0"] > 0).map({True: "yes", False: "no"}))
    automl.profile(table.head(1000), "y")
    started = time.perf_counter()
    profile = automl.profile(table, "y")
    looked = time.perf_counter()
    page = profile._repr_mimebundle_()["text/html"]
    done = time.perf_counter()
    print(f"profile {looked - started:.2f} s, page {done - looked:.3f} s, {len(page) / 1000:.0f} kB, {table.shape}")

    spec = automl.classification(training_data=table, target_column_name="y")
    found = load_training_table(spec)
    schema = TableSchema.infer(found.X)
    validation = resolve_validation(spec, found)
    folds = make_folds(validation, found, random_state=0)
    started = time.perf_counter()
    findings = run_guardrails(found, schema, validation, folds, chosen=False)
    print(f"guardrails {time.perf_counter() - started:.2f} s, {len(findings)} of them")


if __name__ == "__main__":
    main()
