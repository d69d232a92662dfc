"""A browser for the session, and a page that shows the live view without a kernel."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automl_jupyter.notebook.widget import PARTS, script_of
from automl_jupyter.testing.jupyter import Lab, Notebook

PACKAGE = Path(__file__).resolve().parents[2] / "automl_jupyter"
STATIC = PACKAGE / "notebook" / "static"
STYLES = {"live": STATIC / "live.css", "panel": STATIC / "live.css", "profile": PACKAGE / "results" / "profile.css"}

LIGHT = {"layout-color0": "#fff", "layout-color2": "#eee", "content-font-color1": "#212121", "border-color2": "#e0e0e0"}
DARK = {"layout-color0": "#111", "layout-color2": "#424242", "content-font-color1": "#fff", "border-color2": "#424242"}

#: a stand-in for the model of the widget protocol: `put` is a new state from the kernel, `sent` what went back
MODEL = """
async ([code, snapshot]) => {
  const module = await import("data:text/javascript;charset=utf-8," + encodeURIComponent(code));
  const handlers = new Map();
  const tell = (name, ...told) => [...(handlers.get(name) ?? [])].forEach((fn) => fn(...told));
  window.model = {
    sent: [], snapshot, stand: "here",
    get: (name) => window.model[name],
    set: (name, value) => { window.model[name] = value; tell(`change:${name}`); },
    on: (name, fn) => handlers.set(name, [...(handlers.get(name) ?? []), fn]),
    off: (name, fn) => handlers.set(name, (handlers.get(name) ?? []).filter((other) => other !== fn)),
    send: (content) => window.model.sent.push(content),
    put: (next) => window.model.set("snapshot", next),
    hear: (content) => tell("msg:custom", content),
  };
  window.handlers = handlers;
  window.module = module.default;
  window.cleanup = module.default.render({ model: window.model, el: document.getElementById("cell") });
}
"""


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


class LiveView:
    """The live view on a page of its own."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))

    def show(
        self,
        snapshot: dict[str, Any],
        *,
        dark: bool = False,
        html: str | None = None,
        script: str = "live",
        within: str = "",
    ) -> LiveView:
        theme = ";".join(f"--jp-{name}: {value}" for name, value in (DARK if dark else LIGHT).items())
        css = STYLES[script].read_text()
        self.page.set_content(
            f"<!doctype html><style>:root{{{theme}}} body{{margin:0}} {css}</style>"
            f'<body data-jp-theme-light="{"false" if dark else "true"}">'
            f'<div id="cell" class="{within}">{html or ""}</div></body>'
        )
        if html is None:
            code = script_of(script) if script in PARTS else STATIC.joinpath(f"{script}.js").read_text()
            self.page.evaluate(MODEL, [code, snapshot])
        return self

    def hear(self, content: dict[str, Any]) -> None:
        """Let the page hear a message from the kernel."""
        self.page.evaluate("(content) => window.model.hear(content)", json.loads(json.dumps(content)))

    def put(self, snapshot: dict[str, Any]) -> None:
        self.page.evaluate("(snapshot) => window.model.put(snapshot)", json.loads(json.dumps(snapshot)))

    @property
    def labels(self) -> list[str]:
        found: list[str] = self.page.locator("tbody tr:not(.amlj-detail) th bdi").all_text_contents()
        return found


@pytest.fixture
def make_view(browser: Any) -> Iterator[Callable[..., LiveView]]:
    views: list[LiveView] = []

    def make(width: int = 1000) -> LiveView:
        views.append(LiveView(browser.new_page(viewport={"width": width, "height": 800})))
        return views[-1]

    yield make
    for view in views:
        view.page.close()
        assert view.errors == []


@pytest.fixture(scope="session")
def lab(chromium, tmp_path_factory):
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        yield server.wait_until_up()
    finally:
        server.stop()


@pytest.fixture
def open_notebook(lab, browser):
    opened = []

    def open_one(name, cells):
        lab.write_notebook(name, cells)
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        opened.append(Notebook(lab, page, name))
        return opened[-1].open()

    yield open_one
    for notebook in opened:
        notebook.command("notebook:shutdown-kernel")
        notebook.page.close()
