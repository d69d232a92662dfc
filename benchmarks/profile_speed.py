"""How long a profile takes: 100,000 rows of 50 mixed columns.

Run with ``.venv/bin/python benchmarks/profile_speed.py``.
"""

from __future__ import annotations

import time

from features import make_table  # beside this file

from automl_jupyter import automl


def main() -> None:
    """Print the seconds a profile and its page take, the first after the imports aside."""
    table = make_table(100_000).assign(y=lambda t: (t["number0"] > 0).map({True: "yes", False: "no"}))
    automl.profile(table.head(1000), "y")
    started = time.perf_counter()
    profile = automl.profile(table, "y")
    looked = time.perf_counter()
    page = profile._repr_mimebundle_()["text/html"]
    done = time.perf_counter()
    print(f"profile {looked - started:.2f} s, page {done - looked:.3f} s, {len(page) / 1000:.0f} kB, {table.shape}")


if __name__ == "__main__":
    main()
