"""What changed between two snapshots, applied again, is the later one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automl_jupyter.client.updates import GROWING, key_of, make_delta

rows = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(0, 5),
            "label": st.sampled_from(["a", "b"]),
            "value": st.none() | st.floats(0, 1),
            "rank": st.none() | st.integers(1, 5),
        }
    ),
    unique_by=key_of,
)
snapshots = st.fixed_dictionaries(
    {"seq": st.integers(0, 9), "rows": rows, "progress": st.lists(st.integers(0, 2)), "notes": st.lists(st.text())},
    optional={"status": st.sampled_from(["Running", "Completed"])},
)


def applied(old: dict[str, Any], delta: dict[str, Any]) -> dict[str, Any]:
    new = {**old, **delta["set"]}
    for name, more in delta["grow"].items():
        new[name] = [*old.get(name, []), *more]
    kept = {key_of(r): r for r in old["rows"] if key_of(r) not in delta["gone"]}
    new["rows"] = list((kept | {key_of(r): r for r in delta["rows"]}).values())
    return new


@given(snapshots, snapshots)
def test_the_change_leads_to_the_later_snapshot(old: dict[str, Any], new: dict[str, Any]) -> None:
    new = {**old, **new}
    found = applied(old, json.loads(json.dumps(make_delta(old, new))))
    assert {k: v for k, v in found.items() if k != "rows"} == {k: v for k, v in new.items() if k != "rows"}

    def unranked(snapshot: dict[str, Any]) -> dict[str, Any]:
        return {key_of(r): {k: v for k, v in r.items() if k != "rank"} for r in snapshot["rows"]}

    assert unranked(found) == unranked(new)


def test_a_change_is_as_large_as_the_news() -> None:
    def snapshot(n: int) -> dict[str, Any]:
        trials = [{"number": i, "label": f"m{i}", "value": i / n, "rank": n - i, "tied": False} for i in range(n)]
        return {"seq": n, "rows": trials, **{name: list(range(n)) for name in GROWING}}

    sizes = [len(json.dumps(make_delta(old, {**old, "seq": old["seq"] + 1, "rows": [*old["rows"], last]})))
             for old in (snapshot(10), snapshot(1000))
             for last in [{"number": 5000, "label": "best", "value": 2.0, "rank": 1, "tied": False}]]  # fmt: skip
    assert abs(sizes[0] - sizes[1]) < 10
