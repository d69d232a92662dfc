# Everything a developer runs. `make` alone lists it.

PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LOWEST := .venv-pandas2
EXTRAS := .venv-extras
ASSETS := automl_jupyter/labextension/static/style.js
IN_WEB := cd labextension && export PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
PURE := not cluster and not browser and not notebook and not chaos
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo lab lint quick test web compat extras browser bench docs clean

# What bundles JupyterLab's extension needs Node.js 20.19, 22.12 or newer. Without it everything else works: the folder of
# the extension's assets is then empty.
NODE := $(shell node -p 'const [a, b] = process.versions.node.split(".").map(Number); a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) || ""' 2>/dev/null)
export SKIP_JUPYTER_BUILDER := $(if $(NODE),,1)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install the project with its test and lint tools

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Name another with PYTHON=…"; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@mkdir -p automl_jupyter/labextension
	$(PY) -m pip install --quiet --disable-pip-version-check --editable . --group dev
	@touch $(STAMP)

demo: setup ## run the quickstart notebook on real data, print its leaderboard, write it as HTML
	$(PY) tools/demo.py

lab: setup ## open JupyterLab on the notebooks
	$(PY) -m jupyterlab --notebook-dir notebooks

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

quick: lint ## lint, types, import order and the pure tests: less than a minute
	$(PY) -m pytest -q -n auto -m "$(PURE) and not slow" $(PYTEST_ARGS)

test: lint web browser compat extras ## everything: the quick checks and all tests, with clusters, notebooks and a browser
	$(PY) -m pytest $(PYTEST_ARGS)

# The lowest versions have wheels for these two alone; without one of them the ring skips, and says so.
OLD_PYTHON ?= $(shell for python in $(PYTHON) python3.11 python3.12; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] not in [(3, 11), (3, 12)])' 2>/dev/null && \
	echo $$python && break; done)

compat: ## the pure tests with pandas 2 and the lowest versions of everything, in a venv of its own
	@if [ -x $(LOWEST)/bin/python ] || [ -n "$(OLD_PYTHON)" ]; then \
		$(MAKE) --no-print-directory $(LOWEST)/.installed && \
		$(LOWEST)/bin/python -m pytest -q -n auto -m "$(PURE)" $(PYTEST_ARGS); \
	else \
		echo "There is no Python 3.11 or 3.12: the tests with the lowest versions are skipped."; [ -z "$$CI" ]; \
	fi

$(LOWEST)/.installed: pyproject.toml tests/lowest.txt
	test -x $(LOWEST)/bin/python || $(OLD_PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable . --group test --constraint tests/lowest.txt
	@touch $@

# What the optional forecasters need holds pandas below 3, so they have a venv of their own.
extras: $(EXTRAS)/.installed ## the learners of the extras "forecast" and "deep", in a venv of their own
	$(EXTRAS)/bin/python -m pytest -q -n auto tests/learners/test_extras.py tests/client/test_many_models.py $(PYTEST_ARGS)

$(EXTRAS)/.installed: pyproject.toml tests/extras.txt
	test -x $(EXTRAS)/bin/python || $(PYTHON) -m venv $(EXTRAS)
	$(EXTRAS)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(EXTRAS)/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable ".[deep,forecast]" --group test --constraint tests/extras.txt
	@touch $@

web: $(ASSETS) ## JupyterLab's extension: types, unit tests, and its assets built anew where the sources changed
	@if [ -n "$(NODE)" ]; then $(IN_WEB) && jlpm lint && jlpm test; else \
		echo "There is no Node.js 20.19, 22.12 or newer: JupyterLab's extension is not checked."; [ -z "$$CI" ]; fi

$(ASSETS): $(wildcard labextension/src/*.ts* labextension/style/base.css labextension/schema/*.json labextension/package.json automl_jupyter/notebook/static/*.css automl_jupyter/notebook/static/parts/*) | setup
	@if [ -n "$(NODE)" ]; then $(IN_WEB) && jlpm install --immutable && jlpm build:prod && touch "$(CURDIR)/$@"; fi

# Browser tests skip, and say so, where there is no Chromium and it cannot be installed; in CI they must run.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium for the browser tests."; \
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; } || \
		{ echo "Chromium could not be installed: browser tests will skip."; [ -z "$$CI" ]; }; \
	else \
		echo "There is no Chromium and it cannot be installed from here: browser tests will skip."; [ -z "$$CI" ]; \
	fi

bench: setup ## compare with a plain LightGBM on the tables of AUTOML_BENCH_DATA (hours)
	$(PY) benchmarks/vs_lightgbm.py
	$(PY) benchmarks/report.py

docs: setup ## write docs/settings.md anew from the schema
	$(PY) docs/make_settings.py

clean: ## remove what was built or run, and keep the venvs
	rm -rf out build dist automl_jobs notebooks/automl_jobs *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . \( -path ./$(VENV) -o -path ./$(LOWEST) -o -path ./$(EXTRAS) \) -prune -o -name __pycache__ -type d -exec rm -rf {} +
