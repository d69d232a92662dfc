from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter._core.text import number
from automl_jupyter.results.render import MOST_BYTES, render_html, render_text
from automl_jupyter.results.words import headline, limit_fraction, note_words, presentable

HOSTILE = [
    "<script>window.pwned=1</script>",
    "\"><img src=x onerror='alert(1)'>",
    "'; DROP TABLE jobs; --",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\u202egnp.exe\u2066\u200f",
    "</style><style>*{display:none}",
    "x" * 10_000,
    "&amp;&lt;",
    "line\nbreak\ttab\r",
    "{{7*7}} ${x} %s",
]
VOID = {"img", "br", "path", "input"}


class Strict(HTMLParser):
    """Reads HTML and keeps what matters: tags, attributes, text; complains about what does not nest."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.attributes, self.text, self.ids = [], set(), [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [name for name, _ in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)


def read(html):
    parser = Strict()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def a_row(name, **more):
    return {
        "rank": 1,
        "number": 0,
        "label": name,
        "state": "complete",
        "value": 0.9,
        "text": "0.90000",
        "spread": 0.01,
        "folds_done": 3,
        "n_folds": 3,
        "fit_s": 1.5,
        "params": {name: name, "learning_rate": 0.1},
        "error": {"type": name, "message": name, "tail": name},
        "reason": name,
        **more,
    }


def a_snapshot(text="LightGBM", n_rows=1):
    return {
        "name": text,
        "display_name": text,
        "task": "classification",
        "status": "Completed",
        "over": True,
        "reason": text,
        "error": {"type": text, "message": text},
        "metric": {"name": text, "greater_is_better": True},
        "elapsed_s": 60.0,
        "limits": [{"name": "timeout_minutes", "label": text, "used": 30.0, "total": 60.0, "unit": "s"}],
        "best": {"label": text, "text": "0.90000", "number": 0, "value": 0.9},
        "rows": [a_row(text, number=i) for i in range(n_rows)],
        "n_rows_total": n_rows,
        "counts": {"complete": n_rows, "failed": 2},
        "progress": [[1.0, 0.5], [20.0, 0.9]],
        "notes": [{"level": "warning", "message": text}],
        "plan": {
            "validation": text,
            "notes": [{"topic": "t", "what": text, "why": text, "level": "info"}],
            "guardrails": [{"status": "Alerted", "name": text, "explanation": text, "remedy": text}],
        },
        "test_metrics": {text: 0.88},
    }


PLAIN = a_snapshot()


def test_a_score_says_on_which_folds_it_stands_where_that_is_not_all():
    best = {"label": "VotingEnsemble", "text": "0.9", "folds": "1 of 5 folds"}
    shown = {**PLAIN, "metric": {"name": "accuracy"}, "best": best}
    assert "Best accuracy 0.9 on 1 of 5 folds by VotingEnsemble" in "".join(read(render_html(shown)).text)
    assert "Best accuracy 0.9 on 1 of 5 folds by VotingEnsemble\n" in render_text(shown)
    assert headline(shown).endswith("best accuracy 0.9 on 1 of 5 folds by VotingEnsemble.")
    hostile = {**shown, "best": {**best, "folds": "<b>1</b>"}}
    assert "on <b>1</b> by" in "".join(read(render_html(hostile)).text)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_shown_and_do_nothing(text):
    quiet, parsed = read(render_html(PLAIN)), read(render_html(a_snapshot(text, 3)))
    assert parsed.tags == quiet.tags
    assert set(parsed.attributes) == set(quiet.attributes)
    shown = "".join(parsed.text)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]", shown)
    written = render_text(a_snapshot(text))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]", written)
    assert max(len(line) for line in written.splitlines()) < 700


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_name_leaves_the_html_as_it_is_built(text):
    assert read(render_html(a_snapshot(text))).tags == read(render_html(PLAIN)).tags


@pytest.mark.parametrize("text", ["m", '"' * 10_000, "é" * 10_000, "<" * 200])
def test_the_html_stays_small_however_long_the_leaderboard_and_its_names(text):
    html = render_html(a_snapshot(text, 1000))
    assert len(html.encode()) <= MOST_BYTES
    assert "more rows" in html


@pytest.mark.parametrize("text", ["\u5217" * 300, "'<&>\"" * 60])
def test_the_html_stays_small_however_long_its_notes(text):
    plan = {
        "notes": [{"what": text, "why": text}] * 20,
        "guardrails": [{"status": "Alerted", "name": text, "explanation": text, "remedy": text}] * 14,
    }
    notes = [{"level": "warning", "message": text}] * 12
    html = render_html({**a_snapshot("m", 5), "notes": notes, "plan": plan})
    assert len(html.encode()) <= MOST_BYTES
    assert "32 notes" in html
    assert html.count('scope="row"') > 0


def test_the_html_stays_small_however_often_the_score_improves():
    points = [[float(i), 1000 - i / 7] for i in range(20_000)]
    html = render_html({**PLAIN, "progress": points, "elapsed_s": 20_000.0})
    assert len(html.encode()) <= MOST_BYTES
    assert f"went from 1,000 after 0 s to {number(points[-1][1])} after" in html


def test_a_note_of_two_sentences_has_one_full_stop():
    note = {"what": "A season has 7 periods.", "why": "the frequency is D"}
    assert note_words(note) == "A season has 7 periods: the frequency is D"
    assert note_words({"what": "There is no season."}) == "There is no season."


def test_two_pieces_on_one_page_share_no_id():
    first, second = read(render_html(PLAIN)), read(render_html(PLAIN))
    assert first.ids
    assert not set(first.ids) & set(second.ids)


def test_the_html_asks_for_nothing_from_elsewhere_and_styles_only_itself():
    html = render_html(PLAIN)
    assert not re.search(r"https?:|url\(|@import|src=|<script|<link", html)
    rules = re.search(r"<style>(.*)</style>", html, re.DOTALL)[1]
    for selector in re.findall(r"([^{}@]+)\{", re.sub(r"@media[^{]+\{", "", rules)):
        assert all(".amlj-static" in part for part in selector.split(",")), selector


def test_the_table_is_a_real_one():
    html = render_html(PLAIN)
    assert "<caption>Leaderboard</caption>" in html
    assert html.count('scope="col"') == 6
    assert html.count('scope="row"') == 1


def test_the_text_of_a_job_reads_as_a_report():
    snapshot = {
        **a_snapshot(),
        "metric": {"name": "accuracy"},
        "name": "bank",
        "display_name": None,
        "status": "Canceled",
        "reason": "",
        "error": None,
        "notes": [],
        "test_metrics": None,
        "counts": {"complete": 1, "timed_out": 1},
        "limits": [{"name": "max_trials", "label": "Trials", "used": 2, "total": 5, "unit": ""}],
        "rows": [
            a_row("LightGBM", error=None, reason=""),
            a_row("KNN", rank=None, value=None, text="", spread=None, state="timed_out", error=None, reason="30 min"),
        ],
        "n_rows_total": 7,
    }
    assert render_text(snapshot).splitlines() == [
        "bank · classification · Stopped",
        "Best accuracy 0.90000 by LightGBM",
        "Trials 2 of 5 · 1 complete, 1 timed out",
        "  #  model     accuracy        folds  fit    state",
        "  1  LightGBM  0.90000 ± 0.01  3/3    1.5 s  complete",
        "     KNN                       3/3    1.5 s  timed out: 30 min",
        "  … and 5 more rows",
    ]


@pytest.mark.parametrize("snapshot", [{}, {"name": None, "status": None, "rows": None, "limits": None, "best": None}])
def test_a_snapshot_that_knows_nothing_yet_is_shown(snapshot):
    assert render_text(snapshot) == "job · Not started"
    assert "Not started" in render_html(snapshot)


def test_a_limit_towards_a_score_that_should_be_small_counts_in_its_own_direction():
    limit = {"name": "exit_score", "used": 0.4, "total": 0.1}
    assert limit_fraction(limit, greater_is_better=False) == pytest.approx(0.25)
    assert limit_fraction(limit, greater_is_better=True) == 1.0
    assert limit_fraction({"name": "max_trials", "used": 0, "total": 0}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20) | st.binary(max_size=5) | st.complex_numbers(),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_whatever_comes_becomes_json(value):
    json.dumps(presentable(value), allow_nan=False)


def test_half_a_character_breaks_no_page():
    page = render_html({"name": "n", "status": "Running", "rows": [a_row("a\ud800b")]})
    assert "ab" in page
    page.encode()
