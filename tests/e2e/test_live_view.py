"""The live view's one module, on a page without a kernel."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from automl_jupyter._core.text import number
from automl_jupyter.client.updates import make_delta
from automl_jupyter.results.render import render_html
from automl_jupyter.results.words import presentable

EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>\'\u202e\x1b[31m' + "x" * 10_000


def a_row(number, value=None, **more):
    complete = value is not None
    return {
        "rank": None,
        "number": number,
        "label": f"model {number}",
        "learner": "LightGBM",
        "state": "complete" if complete else "running",
        "value": value,
        "text": f"{value:.5f}" if complete else "",
        "spread": 0.01 if complete else None,
        "folds_done": 3 if complete else 1,
        "n_folds": 3,
        "fold_values": [0.8, 0.9],
        "fit_s": 1.5,
        "complete": complete,
        "params": {"num_leaves": 31},
        "origin": "opening",
        "reason": "",
        "error": None,
        **more,
    }


def a_snapshot(*values, seq=1, **more):
    rows = [a_row(number, value) for number, value in values]
    rows.sort(key=lambda r: (r["value"] is None, -(r["value"] or 0)))
    for rank, row in enumerate((r for r in rows if r["value"] is not None), 1):
        row["rank"] = rank
    best = rows[0] if rows and rows[0]["value"] is not None else None
    return {
        "seq": seq,
        "name": "bank",
        "task": "classification",
        "status": "Running",
        "over": False,
        "metric": {"name": "AUC_weighted", "greater_is_better": True},
        "elapsed_s": 30.0,
        "n_workers": 2,
        "compute": "local",
        "limits": [
            {"name": "timeout_minutes", "label": "Time", "used": 30.0, "total": 120.0, "unit": "s"},
            {"name": "max_trials", "label": "Trials", "used": 3, "total": None, "unit": ""},
        ],
        "best": best and {"label": best["label"], "text": best["text"], "value": best["value"], "number": 0},
        "rows": rows,
        "n_rows_total": len(rows),
        "counts": {"complete": sum(v is not None for _, v in values)},
        "progress": [[5.0, 0.7], [20.0, 0.8]],
        "notes": [],
        "plan": {"validation": "3-fold cross-validation", "notes": []},
        **more,
    }


def test_numbers_and_notes_read_as_they_do_elsewhere(make_view):
    values = [3.2e21, -1e15, 9.999999e14, 26053.21, 12.0, 0.912346, 0.0001, 1.5e-7]
    row = a_row(0, 0.7, fold_values=values)
    note = {"what": "A season has 7 periods.", "why": "the frequency is D", "level": "info"}
    view = make_view().show({**a_snapshot(), "rows": [row], "plan": {"validation": "3 folds", "notes": [note]}})
    view.page.get_by_role("button", name="model 0").click()
    shown = view.page.locator("dt", has_text="Score on each fold").locator("xpath=following-sibling::dd[1]")
    assert shown.text_content() == ", ".join(number(value) for value in values)
    assert "A season has 7 periods: the frequency is D" in view.page.locator(".amlj").text_content()


def test_settings_are_fetched_when_they_are_looked_at_and_asked_for_again_after_a_failure(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    settings = view.page.locator("details", has_text="Settings")

    def look(answer):
        settings.locator("summary").click()
        view.page.wait_for_function("() => window.model.sent.length > 0")
        (asked,) = view.page.evaluate("() => window.model.sent.splice(0)")
        assert (asked["type"], asked["what"]) == ("ask", "cell")
        view.hear({"type": "answer", "id": asked["id"], "answer": answer})

    look({"error": "<b>gone</b>"})
    settings.get_by_text("<b>gone</b>").wait_for()
    settings.locator("summary").click()
    look({"cell": "%%automl job\ntask: regression # <b>"})
    assert settings.locator("pre").inner_text() == "%%automl job\ntask: regression # <b>"
    settings.locator("summary").click()
    settings.locator("summary").click()
    assert view.page.evaluate("() => window.model.sent") == []


def test_a_cluster_with_a_dashboard_is_linked_to_while_it_is_there(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    link = view.page.locator(".amlj-dashboard")
    assert not link.is_visible()
    view.put(a_snapshot((0, 0.7), seq=2, dashboard="/user/ann/proxy/8787/status"))
    assert link.get_attribute("href") == "/user/ann/proxy/8787/status"
    view.put(a_snapshot((0, 0.7), seq=3, dashboard=""))
    assert not link.is_visible()


def test_the_order_changes_and_the_focus_stays(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, 0.8), (2, 0.9)))
    assert view.labels == ["model 2", "model 1", "model 0"]
    view.page.locator(".amlj-toggle").nth(1).focus()
    view.page.evaluate("() => { window.focused = document.activeElement; }")
    for seq, values in enumerate(
        [
            ((0, 0.95), (1, 0.8), (2, 0.9)),
            ((0, 0.95), (1, 0.99), (2, 0.9), (3, None)),
            ((3, 1.0), (1, 0.1), (2, 0.9), (0, 0.2)),
        ],
        2,
    ):
        view.put(a_snapshot(*values, seq=seq))
        wanted = sorted((v for v in values if v[1] is not None), key=lambda v: -v[1])
        wanted += [v for v in values if v[1] is None]
        assert view.labels == [f"model {number}" for number, _ in wanted]
        assert view.page.evaluate("() => document.activeElement === window.focused")


def test_an_open_row_stays_open_and_says_what_is_new(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, None)))
    toggle = view.page.get_by_role("button", name="model 1")
    toggle.click()
    assert view.page.locator(".amlj-detail").inner_text().count("num_leaves = 31") == 1
    view.put(a_snapshot((0, 0.7), (1, 0.9), seq=2))
    assert toggle.get_attribute("aria-expanded") == "true"
    rows = view.page.locator("tbody tr")
    assert "model 1" in rows.nth(0).inner_text()
    assert "amlj-detail" in rows.nth(1).get_attribute("class")
    toggle.click()
    assert view.page.locator(".amlj-detail").count() == 0


def test_an_older_state_is_dropped(make_view):
    view = make_view().show(a_snapshot((0, 0.7), seq=5))
    view.put(a_snapshot((0, 0.7), (1, 0.8), seq=4))
    assert view.labels == ["model 0"]


def test_a_row_that_left_the_leaderboard_leaves_the_table(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, 0.8)))
    view.put(a_snapshot((1, 0.8), seq=2))
    assert view.labels == ["model 1"]


def test_stop_asks_once_and_says_stopping(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    stop = view.page.get_by_role("button", name="Stop")
    stop.click()
    view.page.get_by_role("button", name="Stopping…").click(force=True)
    assert view.page.evaluate("() => window.model.sent") == [{"type": "cancel"}]
    view.put(a_snapshot((0, 0.7), seq=2, status="CancelRequested"))
    assert view.page.locator(".amlj-stop").get_attribute("aria-disabled") == "true"
    view.put(a_snapshot((0, 0.7), seq=3, status="Canceled", over=True))
    assert view.page.locator(".amlj-stop").is_hidden()
    assert "Stopped" in view.page.locator(".amlj-pill").inner_text()


@pytest.mark.parametrize("end", [{"status": "Canceled", "over": True}, {"status": "NotResponding"}])
def test_a_job_that_goes_on_can_be_stopped_again(make_view, end):
    view = make_view().show(a_snapshot((0, 0.7), (1, None)))
    view.page.get_by_role("button", name="model 1").click()
    view.page.get_by_role("button", name="Stop").click()
    view.put(a_snapshot((0, 0.7), (1, None), seq=2, **end))
    for name in ("Stop", "Pause", "+ 5 min", "Skip this trial", "Block LightGBM"):
        assert view.page.get_by_role("button", name=name).count() == 0
    view.put(a_snapshot((0, 0.7), (1, None), seq=3))
    for name in ("Pause", "+ 5 min", "Skip this trial", "Block LightGBM"):
        assert view.page.get_by_role("button", name=name).is_visible()
    view.page.get_by_role("button", name="Stop", exact=True).click()
    assert view.page.evaluate("() => window.model.sent.filter((m) => m.type === 'cancel')") == [{"type": "cancel"}] * 2


def test_a_page_that_was_reloaded_while_the_job_stops_says_so(make_view):
    view = make_view().show(a_snapshot((0, 0.7), status="CancelRequested"))
    assert view.page.locator(".amlj-stop").inner_text() == "Stopping…"


def test_a_reader_sorts_and_new_rows_keep_to_it(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, 0.8), (2, 0.9), (3, None)))
    score = view.page.get_by_role("button", name="AUC_weighted")
    head = view.page.locator("thead th").nth(2)
    score.click()
    assert head.get_attribute("aria-sort") == "descending"
    score.click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert view.labels == ["model 0", "model 1", "model 2", "model 3"]
    view.put(a_snapshot((0, 0.7), (1, 0.8), (2, 0.9), (3, 0.75), seq=2))
    assert view.labels == ["model 0", "model 3", "model 1", "model 2"]
    assert view.page.locator("thead th[aria-sort]").count() == 1


def test_names_are_shown_and_do_nothing(make_view):
    rows = [a_row(0, 0.9, rank=1, label=EVIL, params={EVIL: EVIL}, reason=EVIL)]
    rows.append(a_row(1, state="failed", error={"type": EVIL, "message": EVIL, "tail": EVIL}))
    snapshot = a_snapshot(
        name=EVIL,
        display_name=EVIL,
        rows=rows,
        reason=EVIL,
        error={"type": EVIL, "message": EVIL},
        notes=[{"level": "warning", "message": EVIL}],
        log=[{"at_s": 1.0, "level": "warning", "text": EVIL}],
        limits=[{"name": "x", "label": EVIL, "used": 1, "total": 2, "unit": ""}],
        best={"label": EVIL, "text": EVIL},
        metric={"name": EVIL},
        test_metrics={EVIL: 0.5},
        plan={
            "validation": EVIL,
            "notes": [{"what": EVIL, "why": EVIL, "level": "info"}],
            "guardrails": [{"status": "Alerted", "name": EVIL, "explanation": EVIL, "remedy": EVIL}],
        },
    )
    view = make_view(700).show(snapshot)
    for toggle in view.page.locator(".amlj-toggle, summary").all():
        toggle.click()
    assert view.page.locator("#cell img, #cell script").count() == 0
    assert view.page.evaluate("() => window.pwned") is None
    assert "<script>" in view.page.locator(".amlj-title").inner_text()
    assert fits(view)


def test_guardrails_have_a_list_of_their_own(make_view):
    found = [
        {"status": "Alerted", "name": "Drift", "explanation": "'a' differs.", "remedy": "Look at 'a'."},
        {"status": "Passed", "name": "Target leakage", "explanation": "None.", "remedy": ""},
    ]
    snapshot = a_snapshot((0, 0.7), plan={"validation": "3 folds", "notes": [], "guardrails": found})
    for view in (make_view().show(snapshot), make_view().show({}, html=render_html(snapshot))):
        summary = view.page.get_by_text("2 guardrails, 1 to look at")
        assert view.page.get_by_text("'a' differs.").is_hidden()
        summary.click()
        assert view.page.get_by_text("Drift (Alerted):").is_visible()
        assert view.page.get_by_text("'a' differs. Look at 'a'.").is_visible()
        assert not view.page.get_by_text("0 notes").is_visible()


def a_log(n):
    return [{"at_s": float(i), "level": "best" if i == 3 else "info", "text": f"event {i}"} for i in range(n)]


def test_the_log_follows_its_end_unless_one_reads_further_up(make_view):
    view = make_view().show(a_snapshot((0, 0.7), log=a_log(50)))
    assert view.page.locator(".amlj-log li").count() == 0  # made when it is opened
    view.page.get_by_text("Log: 50 events").click()
    scroll = view.page.locator(".amlj-log")
    at_end = "(e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2"
    assert scroll.evaluate(at_end)
    view.hear({"type": "delta", **make_delta(a_snapshot(log=a_log(50)), a_snapshot(seq=2, log=a_log(60)))})
    assert view.page.locator(".amlj-log li").count() == 60
    assert scroll.evaluate(at_end)
    scroll.evaluate("(e) => { e.scrollTop = 40; }")
    view.put(a_snapshot((0, 0.7), seq=3, log=a_log(61)))
    assert scroll.evaluate("(e) => e.scrollTop") == 40
    assert view.page.locator(".amlj-log li").count() == 61


def test_a_limit_says_how_long_it_may_take(make_view):
    limits = [
        {"name": "timeout_minutes", "label": "Time", "used": 30.0, "total": 120.0, "unit": "s", "left_s": 90.0},
        {"name": "max_trials", "label": "Trials", "used": 3, "total": 10, "unit": "", "left_s": 65.0},
        {"name": "exit_score", "label": "Exit score", "used": 0.7, "total": 0.9, "unit": "", "left_s": None},
    ]
    view = make_view().show(a_snapshot((0, 0.7), limits=limits))
    words = view.page.locator(".amlj-limit-line .amlj-quiet").all_text_contents()
    assert words == ["30 s of 2 min", "3 of 10 · about 1 min 5 s left", "0.7 of 0.9"]


def fits(view):
    return view.page.evaluate(
        "() => document.documentElement.scrollWidth <= window.innerWidth"
        " && [...document.querySelectorAll('.amlj, .amlj-scroll')].every((e) => e.scrollWidth <= e.clientWidth)"
    )


@pytest.mark.parametrize("width", [480, 700, 1200])
def test_nothing_is_cut_off_sideways(make_view, width):
    view = make_view(width).show(a_snapshot(*((i, 0.9 - i / 100) for i in range(30))))
    assert fits(view)
    view.show({}, html=render_html(a_snapshot((0, 0.7), (1, 0.8))))
    assert fits(view)


def test_the_height_does_not_change_while_rows_arrive(make_view):
    view = make_view().show(a_snapshot(status="Preparing", progress=[]))
    before = view.page.locator(".amlj").bounding_box()["height"]
    view.put(a_snapshot(*((i, 0.9 - i / 100) for i in range(50)), seq=2))
    assert view.page.locator(".amlj").bounding_box()["height"] == before


def test_a_reader_who_scrolled_stays_where_they_are(make_view):
    view = make_view().show(a_snapshot(*((i, 0.9 - i / 100) for i in range(50))))
    view.page.locator(".amlj-scroll").evaluate("(e) => { e.scrollTop = 200; }")
    view.put(a_snapshot(*((i, 0.9 - i / 100) for i in range(60)), seq=2))
    assert view.page.locator(".amlj-scroll").evaluate("(e) => e.scrollTop") == 200


def test_the_table_and_the_bars_say_what_they_are(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, None)))
    assert view.page.locator("section.amlj").get_attribute("data-lm-suppress-shortcuts") == "true"
    assert view.page.locator("caption").inner_text() == "Leaderboard: 1 complete"
    assert view.page.locator("thead th[scope=col] button").count() == 8
    assert view.page.locator("tbody th[scope=row]").count() == 2
    bar = view.page.get_by_role("progressbar", name="Time")
    assert bar.get_attribute("aria-valuenow") == "25"
    assert bar.get_attribute("aria-valuetext") == "30 s of 2 min"
    assert (
        view.page.get_by_role("img", name=re.compile("Best AUC_weighted so far: 0.7 after 5 s, 0.8 after 20 s")).count()
        == 1
    )


def test_a_score_says_on_which_folds_it_stands_where_that_is_not_all(make_view):
    best = {"label": "VotingEnsemble", "text": "0.9", "folds": "1 of 5 folds"}
    view = make_view().show(a_snapshot((0, 0.7), best=best))
    assert view.page.locator(".amlj-best").inner_text().split("\n") == [
        "0.9",
        "best AUC_weighted on 1 of 5 folds, VotingEnsemble",
    ]
    assert "best AUC_weighted 0.9 on 1 of 5 folds by VotingEnsemble." in view.page.locator(".amlj-sr").text_content()


@pytest.mark.parametrize("values", [(0.9466666666666665, 0.9466666666666667), (1e6, 1e6 + 1.2e-10), (0.0, 5e-324)])
def test_best_scores_that_differ_by_rounding_are_drawn(make_view, values):
    progress = [[1.0, 0.333], *([at, value] for at, value in enumerate(values, 4))]
    view = make_view().show(a_snapshot((0, 0.7), progress=progress))
    assert 2 <= view.page.locator(".amlj-grid line").count() <= 8
    assert view.page.locator(".amlj-dots circle").count() == 3


def test_what_is_said_aloud_is_said_rarely_and_at_the_end(make_view):
    view = make_view()
    view.page.clock.install()
    view.show(a_snapshot((0, 0.7)))
    aloud = view.page.locator(".amlj-sr")
    first = aloud.text_content()
    assert first == "bank: Running, 1 trial complete, best AUC_weighted 0.70000 by model 0."
    view.put(a_snapshot((0, 0.7), (1, 0.8), seq=2))
    assert aloud.text_content() == first
    view.page.clock.run_for(11_000)
    view.put(a_snapshot((0, 0.7), (1, 0.8), seq=3))
    assert "2 trials complete" in aloud.text_content()
    view.put(a_snapshot((0, 0.7), (1, 0.8), seq=4, status="Completed", over=True))
    assert "Completed" in aloud.text_content()


def test_between_events_the_clock_goes_on_and_a_long_silence_is_told(make_view):
    view = make_view()
    view.page.clock.install()
    view.show(a_snapshot((0, 0.7)))
    view.page.clock.run_for(40_000)
    assert "1 min 10 s" in view.page.locator(".amlj-names .amlj-quiet").inner_text()
    assert "last news 40 s ago" in view.page.locator(".amlj-names .amlj-quiet").inner_text()
    assert "1 min 10 s of 2 min" in view.page.locator(".amlj-limits").inner_text()
    view.put(a_snapshot((0, 0.7), seq=2, status="Completed", over=True))
    view.page.clock.run_for(40_000)
    assert view.page.locator(".amlj-names .amlj-quiet").inner_text().startswith("30 s · classification")


def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(make_view):
    view = make_view().show(a_snapshot((0, 0.7), notes=[{"level": "info", "message": "a note"}]))
    reached = []
    for _ in range(18):
        view.page.keyboard.press("Tab")
        reached.append(view.page.evaluate("() => document.activeElement.className || document.activeElement.tagName"))
        if reached[-1] != "BODY":
            outline = view.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid"
    assert {"amlj-stop", "amlj-search", "amlj-scroll", "amlj-sort", "amlj-toggle", "SUMMARY"} <= set(reached)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("live", [True, False])
def test_text_is_readable_on_its_background(make_view, dark, live):
    snapshot = a_snapshot((0, 0.7), (1, None), error={"type": "E", "message": "no"}, reason="why", status="Failed")
    view = make_view().show(snapshot, dark=dark, html=None if live else render_html(snapshot))
    poor = view.page.evaluate(
        """() => {
          const parse = (c) => c.match(/[\\d.]+/g).map(Number);
          const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92
            : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
          const root = document.querySelector(".amlj, .amlj-static");
          const ground = light(parse(getComputedStyle(root).backgroundColor).slice(0, 3));
          const texts = [...root.querySelectorAll("*")].filter((e) =>
            !["STYLE", "title"].includes(e.tagName)
            && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
          const poor = [];
          for (const e of texts) {
            const style = getComputedStyle(e);
            const ink = light(parse(e instanceof SVGElement ? style.fill : style.color).slice(0, 3));
            const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
            if (contrast < 4.5) poor.push([e.className, e.textContent, contrast]);
          }
          return texts.length > 10 ? poor : "nothing was looked at";
        }"""
    )
    assert poor == []


def test_leaving_takes_everything_away(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    view.page.evaluate("() => window.cleanup()")
    assert view.page.evaluate("() => document.getElementById('cell').childElementCount") == 0
    assert view.page.evaluate("() => window.handlers.get('change:snapshot').length") == 0


def test_a_view_of_a_job_that_knows_nothing_yet(make_view):
    view = make_view().show({"seq": 0})
    assert "Not started" in view.page.locator(".amlj-pill").inner_text()
    assert view.labels == []


def test_two_views_on_one_page_share_no_id(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    twice = view.page.evaluate(
        """() => { const copy = document.createElement("div"); document.body.append(copy);
          window.again = copy; return document.querySelectorAll("[id^=amlj]").length; }"""
    )
    view.page.evaluate(
        "() => { window.module.render({ model: window.model, el: window.again }); }",
    )
    ids = view.page.evaluate("() => [...document.querySelectorAll('[id^=amlj]')].map((e) => e.id)")
    assert len(ids) == len(set(ids)) == 2 * twice


def test_a_page_that_hears_only_what_changed_shows_what_a_new_one_would(make_view):
    stories = [
        a_snapshot((0, 0.7), (1, None)),
        a_snapshot((0, 0.7), (1, 0.8), (2, None), seq=2, progress=[[5.0, 0.7], [20.0, 0.8], [25.0, 0.8]]),
        a_snapshot((0, 0.7), (1, 0.8), (2, 0.75), seq=3, notes=[{"level": "warning", "message": "a note"}]),
        a_snapshot((1, 0.8), (2, 0.95), seq=4, status="Completed", over=True),
    ]
    told = make_view().show(presentable(stories[0]))
    for old, new in pairwise(map(presentable, stories)):
        delta = make_delta(old, new)
        assert len(json.dumps(delta)) < len(json.dumps(new))
        told.hear({"type": "delta", **delta})
        assert told.page.evaluate("() => window.model.snapshot") == json.loads(json.dumps(new))
    fresh = make_view().show(presentable(stories[-1]))
    assert told.page.locator("section").inner_text() == fresh.page.locator("section").inner_text()
    assert told.page.evaluate("() => window.model.sent") == []


def test_a_page_that_missed_a_change_asks_for_the_whole(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    view.hear({"type": "delta", "from": 7, "set": {"seq": 8}, "grow": {}, "rows": [], "gone": []})
    assert view.page.evaluate("() => window.model.sent") == [{"type": "whole"}]
    view.hear({"type": "whole", "snapshot": a_snapshot((0, 0.7), (1, 0.8), seq=8)})
    assert view.labels == ["model 1", "model 0"]


def test_views_of_one_widget_make_a_change_once_and_ask_for_nothing(make_view):
    """Each is given a model of its own, all of which stand for one."""
    before = a_snapshot((0, 0.7), log=a_log(1))
    view = make_view().show(before)
    view.page.evaluate(
        """() => {
          window.module.initialize({ model: { ...window.model } });
          const el = document.body.appendChild(document.createElement("div"));
          window.module.render({ model: { ...window.model }, el });
        }"""
    )
    for after in (a_snapshot((0, 0.7), seq=2, log=a_log(2)), a_snapshot((0, 0.7), (1, 0.8), seq=3, log=a_log(3))):
        view.hear({"type": "delta", **make_delta(before, after)})
        before = after
    assert view.page.evaluate("() => window.model.sent") == []
    assert view.page.evaluate("() => window.model.snapshot.log.length") == 3
    assert view.labels == ["model 1", "model 0"] * 2


def test_buttons_ask_what_they_say(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, None)))
    view.page.get_by_role("button", name="Pause").click()
    view.put(a_snapshot((0, 0.7), (1, None), seq=2, paused=True))
    assert "paused" in view.page.locator(".amlj-names").inner_text()
    view.page.get_by_role("button", name="Resume").click()
    view.page.get_by_role("button", name="+ 5 min").click()
    view.page.get_by_role("button", name="model 1").click()
    view.page.get_by_role("button", name="Skip this trial").click()
    view.page.get_by_role("button", name="Block LightGBM").click()
    assert view.page.evaluate("() => window.model.sent.filter((m) => m.type !== 'ask')") == [
        {"type": "pause"},
        {"type": "unpause"},
        {"type": "extend", "minutes": 5},
        {"type": "skip", "model": 1},
        {"type": "block", "learner": "LightGBM"},
    ]
    view.hear({"type": "refused", "message": "<b>no</b>"})
    assert view.page.get_by_role("alert").filter(visible=True).inner_text() == "<b>no</b>"
    view.page.get_by_role("button", name="Stop", exact=True).click()
    view.hear({"type": "refused", "message": "not yours"})
    assert view.page.get_by_role("button", name="Stop", exact=True).is_visible()
    view.put(a_snapshot((0, 0.7), (1, 0.6), seq=3, blocked=["LightGBM"], status="Completed", over=True))
    for name in ("Pause", "+ 5 min", "Skip this trial", "Block LightGBM"):
        assert view.page.get_by_role("button", name=name).count() == 0


def test_a_refusal_goes_when_it_was_read_and_news_come_or_something_else_is_asked(make_view):
    view = make_view()
    view.page.clock.install()
    view.show(a_snapshot((0, 0.7)))
    refusal = view.page.get_by_role("alert").filter(has_text="does not answer")
    view.hear({"type": "refused", "message": "The server does not answer."})
    view.put(a_snapshot((0, 0.7), seq=2))
    assert refusal.is_visible(), "there was no time to read it"
    view.page.clock.run_for(11_000)
    assert refusal.is_visible()
    view.put(a_snapshot((0, 0.7), seq=3))
    assert not refusal.is_visible()
    view.hear({"type": "refused", "message": "The server does not answer."})
    assert refusal.is_visible()
    view.page.get_by_role("button", name="Pause").click()
    assert not refusal.is_visible()


def test_the_leaderboard_is_filtered_by_words(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, 0.8), (2, None)))
    search = view.page.get_by_role("searchbox")
    search.fill("complete MODEL")
    assert view.labels == ["model 1", "model 0"]
    assert "2 of 3" in view.page.locator(".amlj-tools").first.inner_text()
    view.put(a_snapshot((0, 0.7), (1, 0.8), (2, 0.9), seq=2))
    assert view.labels == ["model 2", "model 1", "model 0"]
    search.fill("nothing like it")
    assert view.labels == []
    search.fill("")
    assert len(view.labels) == 3


def test_workers_say_what_they_do_and_a_fit_stays_where_it_is(make_view):
    def doing(*fits):
        return [{"number": n, "label": f"m{n}", "fold": f, "n_folds": 3, "started_s": 27.0} for n, f in fits]

    view = make_view().show(a_snapshot((0, 0.7), doing=doing((4, 0), (4, 1))))
    strips = view.page.locator(".amlj-strip")
    assert strips.all_inner_texts() == ["1 m4 #4 fold 1 of 3, 3 s", "2 m4 #4 fold 2 of 3, 3 s"]
    view.put(a_snapshot((0, 0.7), seq=2, doing=doing((4, 1), (5, 0))))
    assert [t.split(" fold")[0] for t in strips.all_inner_texts()] == ["1 m5 #5", "2 m4 #4"]
    view.put(a_snapshot((0, 0.7), seq=3, doing=doing((4, 1), (5, 0), (6, 0))))
    assert strips.count() == 2  # the third waits in line
    view.put(a_snapshot((0, 0.7), seq=4, doing=doing((5, -1))))
    assert strips.all_inner_texts() == ["1 m5 #5 all rows, 3 s", "2 waits"]


PAGE = {
    "metrics": [{"name": "AUC_weighted", "value": 0.8, "folds": [0.7, 0.9, None]}],
    "members": [{"label": EVIL, "weight": 0.5}, {"label": "b", "weight": 0.25}, {"label": "c", "weight": None}],
    "charts": [
        {"name": "roc", "title": "ROC"},
        {"name": "partial_dependence", "title": "Partial dependence", "picks": True},
    ],
    "pick": "Column",
    "columns": ["age", EVIL],
    "code": f"# {EVIL}\nmodel.predict(rows)",
    "diagram": "<p>steps</p><script>parent.pwned = 1</script><img src=x onerror='parent.pwned = 1'>",
}
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def answer(view, **found):
    asked = view.page.evaluate("() => window.model.sent.filter((m) => m.type === 'ask').at(-1)")
    view.hear({"type": "answer", "id": asked["id"], "answer": found})
    return {k: v for k, v in asked.items() if k not in ("type", "id")}


def test_a_model_has_a_page_with_charts_metrics_pipeline_and_code(make_view):
    view = make_view().show(a_snapshot((0, 0.7), (1, None)), dark=True)
    view.page.get_by_role("button", name="model 0").click()
    assert answer(view, **PAGE) == {"what": "model", "model": 0}
    assert answer(view, png=DOT, says="The curve.") == {
        "what": "chart", "model": 0, "chart": "roc", "dark": True, "column": None,
    }  # fmt: skip
    assert view.page.get_by_role("img", name="The curve.").is_visible()
    view.page.get_by_role("button", name="Partial dependence").click()
    view.page.get_by_label("Column").select_option(index=1)
    assert answer(view, error="It cannot be drawn.")["column"] == 1
    column = view.page.get_by_label("Column")
    column.press("ArrowUp")
    assert answer(view, error="It cannot be drawn.")["column"] == 0
    assert column.evaluate("(select) => select === document.activeElement")
    assert "It cannot be drawn." in view.page.locator(".amlj-figure").inner_text()
    view.page.get_by_role("tab", name="Charts").press("ArrowRight")
    assert view.page.get_by_role("tab", name="Metrics").get_attribute("aria-selected") == "true"
    assert view.page.locator(".amlj-plain tbody").inner_text().split() == ["AUC_weighted", "0.8", "0.7", "0.9", "–"]
    view.page.get_by_role("tab", name="Pipeline").click()
    assert view.page.frame_locator("iframe").locator("p").inner_text() == "steps"
    assert view.page.get_by_text("Members:").inner_text() == f"Members: {EVIL} × 0.50, b × 0.25, c"
    view.page.get_by_role("tab", name="Code").click()
    assert view.page.locator("pre").inner_text().startswith("# <img src=x")
    view.page.get_by_role("button", name="Insert below").click()
    view.page.get_by_text("This page lets no cell be inserted").wait_for()
    assert view.page.evaluate("() => window.pwned") is None
    view.errors[:] = [e for e in view.errors if "sandboxed" not in e and "ERR_" not in e]  # what was kept from running


def test_the_widget_stands_in_for_the_html_that_took_its_place(make_view):
    view = make_view()
    end = a_snapshot((0, 0.7), status="Completed", over=True)
    view.show(end)
    view.page.evaluate(
        """(html) => {
          window.cleanup();
          window.forget = window.module.initialize({ model: window.model });
          document.getElementById("cell").innerHTML = `<div class="amlj-stand-here"></div>${html}`;
        }""",
        render_html(end),
    )
    view.page.locator("section.amlj").wait_for()
    assert not view.page.locator(".amlj-static").is_visible()
    view.page.evaluate("() => window.forget()")
    assert view.page.locator(".amlj-static").is_visible()
    assert view.page.locator("section.amlj").count() == 0


@pytest.mark.parametrize("values", [(121e3, 118.5e3, 117.9e3), (1.04e6, 1.01e6, 1.0e6), (3.2e-10, 3.1e-10, 3.0e-10)])
def test_ticks_are_told_apart_by_their_labels(make_view, values):
    view = make_view().show(a_snapshot((0, 0.7), progress=[[float(t), v] for t, v in enumerate(values, 1)]))
    labels = view.page.locator('.amlj-grid text[x="52"]').all_text_contents()
    assert 2 <= len(labels) == len(set(labels)), labels


def test_a_models_page_is_made_anew_when_more_is_known_and_asked_for_again_after_a_failure(make_view):
    def asked():
        return view.page.evaluate("() => window.model.sent.filter((m) => m.type === 'ask').map((m) => m.what)")

    view = make_view().show({**a_snapshot(), "rows": [a_row(0, fold_values=[0.7])]})
    toggle = view.page.get_by_role("button", name="model 0")
    toggle.click()
    answer(view, error="The server does not answer.")
    toggle.click()
    toggle.click()
    assert asked() == ["model", "model"]
    answer(view, **PAGE)
    again = view.page.get_by_role("button", name="Show the model as it is now")
    assert again.count() == 0
    view.put({**a_snapshot(seq=2), "rows": [a_row(0, 0.8, rank=1)]})
    assert asked() == ["model", "model", "chart"], "what is read is left alone"
    again.click()
    assert asked()[-1] == "model"
    assert again.count() == 0


def test_what_is_told_again_is_no_news_and_the_clock_goes_on(make_view):
    view = make_view()
    view.page.clock.install()
    view.show(a_snapshot((0, 0.7)))
    view.page.clock.run_for(40_000)
    view.put(a_snapshot((0, 0.7)))  # the page was out of sight, and its stream begins with the whole
    said = view.page.locator(".amlj-names .amlj-quiet").inner_text()
    assert "1 min 10 s" in said
    assert "last news 40 s ago" in said
    assert "1 min 10 s of 2 min" in view.page.locator(".amlj-limits").inner_text()


def test_a_job_that_makes_its_final_model_offers_no_pause(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    assert view.page.get_by_role("button", name="Pause").is_visible()
    view.put(a_snapshot((0, 0.7), seq=2, status="Finalizing"))
    assert view.page.get_by_role("button", name="Pause").count() == 0
    assert view.page.get_by_role("button", name="Stop", exact=True).is_visible()


def test_a_job_that_nobody_runs_has_no_workers(make_view):
    view = make_view().show(a_snapshot((0, 0.7)))
    assert view.page.locator(".amlj-workers").is_visible()
    view.put(a_snapshot((0, 0.7), status="NotResponding"))
    assert not view.page.locator(".amlj-workers").is_visible()
