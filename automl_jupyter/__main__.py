"""``python -m automl_jupyter`` is the terminal door."""

from __future__ import annotations

from automl_jupyter.cli.app import main

if __name__ == "__main__":
    main(prog_name="automl-jupyter")
