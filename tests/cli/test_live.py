"""What a job looks like while it runs."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from automl_jupyter.cli.live import LiveView, PlainView, SilentView, choose_view


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_pipe_gets_each_line_once(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    first = fakes.row(1, "LightGBM", 0.91)
    view.show(fakes.snapshot(rows=[first]))
    view.show(fakes.snapshot(rows=[first]))
    view.show(fakes.snapshot(rows=[fakes.row(2, "RandomForest", 0.95), first]))
    text = stream.getvalue()
    assert text.count("#1 LightGBM: AUC_weighted 0.9100") == 1
    assert text.count("#2 RandomForest: AUC_weighted 0.9500") == 1
    assert text.count("Validation: 3-fold cross-validation") == 1
    assert text.index("best: LightGBM") < text.index("best: RandomForest")


def test_a_running_trial_is_not_news(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    PlainView(stream).show(fakes.snapshot(rows=[fakes.row(1, "LightGBM", 0.5, state="running", folds_done=1)]))
    assert "#1" not in stream.getvalue()


def test_an_ensemble_is_news_when_it_improves(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    for value in (0.9, 0.9, 0.92):
        view.show(fakes.snapshot(rows=[fakes.row(None, "VotingEnsemble", value)]))
    told = [line for line in stream.getvalue().splitlines() if line.startswith("[12 s] VotingEnsemble:")]
    assert len(told) == 2


def test_a_note_cannot_steer_a_log(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    PlainView(stream).show(fakes.snapshot(notes=[{"level": "warning", "message": "a\x1b[2J\nb", "at": ""}]))
    assert "warning: a b\n" in stream.getvalue()


def test_a_pipe_ends_with_the_whole_leaderboard(fakes: SimpleNamespace) -> None:
    stream = io.StringIO()
    PlainView(stream).finish(fakes.snapshot("Completed", rows=[fakes.row(1, "LightGBM", 0.91, rank=1)]))
    assert "calm_owl · classification · Completed" in stream.getvalue().split("\n\n")[1]
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_is_redrawn_and_given_back(fakes: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal()
    view = LiveView(stream)
    view.show(fakes.snapshot(rows=[fakes.row(1, "LightGBM", 0.91, rank=1)]))
    view.say("Stopping.")
    assert "\x1b[?25l" in stream.getvalue()  # the cursor is hidden while it is redrawn
    view.finish(fakes.snapshot("Completed", rows=[fakes.row(1, "LightGBM", 0.91, rank=1)]))
    assert "Stopping." in stream.getvalue()
    assert stream.getvalue().rindex("\x1b[?25h") < stream.getvalue().rindex("LightGBM")
    written = stream.getvalue()
    view.close()
    assert stream.getvalue() == written


@pytest.mark.parametrize(
    ("stream", "term", "quiet", "kind"),
    [
        (Terminal(), "xterm", False, LiveView),
        (Terminal(), "dumb", False, PlainView),
        (io.StringIO(), "xterm", False, PlainView),
        (Terminal(), "xterm", True, SilentView),
    ],
)
def test_the_stream_chooses_the_view(
    stream: io.StringIO, term: str, quiet: bool, kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    assert type(choose_view(stream, quiet=quiet)) is kind
