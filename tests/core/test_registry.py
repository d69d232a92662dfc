"""Plug-ins: added, found by entry point, asked for by a name nearly right."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from automl_jupyter._core import registry as registry_module
from automl_jupyter._core.registry import Registry, UnknownNameError
from automl_jupyter.errors import AutoMLError


@dataclass(frozen=True)
class Pen:
    """A record."""

    key: str
    color: str = "blue"


@pytest.fixture
def pens() -> Registry[Pen]:
    """Return a registry of two pens."""
    pens = Registry[Pen]("pen")
    pens.add(Pen("FountainPen"), Pen("ball_pen"))
    return pens


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return what makes entry points of functions; the groups looked for are noted in the list it gives."""

    def offer(**loads: Callable[[], Any]) -> list[str]:
        asked: list[str] = []

        def entry_points(*, group: str) -> list[SimpleNamespace]:
            asked.append(group)
            return [SimpleNamespace(name=name, load=load) for name, load in loads.items()]

        monkeypatch.setattr(registry_module, "entry_points", entry_points)
        return asked

    return offer


def test_records_are_kept_in_order_of_registration(pens: Registry[Pen]) -> None:
    pens.add(Pen("Apen"))
    assert pens.keys() == ["FountainPen", "ball_pen", "Apen"]
    assert [pen.key for pen in pens] == pens.keys()


@pytest.mark.parametrize("name", ["FountainPen", "fountain_pen", "FOUNTAINPEN", "fountain pen"])
def test_names_are_matched_without_case_and_underscores(name: str, pens: Registry[Pen]) -> None:
    assert pens.get(name) == Pen("FountainPen")
    assert name in pens


@pytest.mark.parametrize("name", ["Fountain", "", 3, None])
def test_what_is_not_registered_is_not_in_it(name: object, pens: Registry[Pen]) -> None:
    assert name not in pens


def test_an_unknown_name_is_answered_with_the_nearest(pens: Registry[Pen]) -> None:
    wanted = r"^There is no pen 'FontainPen'\. Did you mean 'FountainPen'\? Known: FountainPen and ball_pen\.$"
    with pytest.raises(UnknownNameError, match=wanted):
        pens.get("FontainPen")


def test_a_name_near_nothing_is_answered_with_all(pens: Registry[Pen]) -> None:
    with pytest.raises(UnknownNameError, match=r"^There is no pen 'x'\. Known: FountainPen and ball_pen\.$"):
        pens.get("x")


def test_an_unknown_name_is_a_key_error_and_survives_a_pickle(pens: Registry[Pen]) -> None:
    with pytest.raises(KeyError, match="no pen 'x'") as caught:
        pens.get("x")
    assert isinstance(caught.value, AutoMLError)
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert type(again) is UnknownNameError
        assert str(again) == str(caught.value)


@pytest.mark.parametrize("key", ["FountainPen", "Fountain_Pen", "fountainpen"])
def test_a_second_record_under_one_key_is_refused(key: str, pens: Registry[Pen]) -> None:
    wanted = rf"The pen '{key}' is registered twice: .*FountainPen.*'blue'.* and .*{key}.*'red'"
    with pytest.raises(AutoMLError, match=wanted):
        pens.add(Pen(key, "red"))
    assert pens.get(key).color == "blue"


def test_the_same_record_may_be_added_again(pens: Registry[Pen]) -> None:
    pens.add(Pen("FountainPen"))
    assert pens.keys() == ["FountainPen", "ball_pen"]


@pytest.mark.parametrize(
    "use",
    [
        lambda pens: pens.get("fine_pen"),
        lambda pens: "fine_pen" in pens,
        lambda pens: pens.keys(),
        lambda pens: list(pens),
    ],
)
def test_entry_points_are_loaded_on_first_use_and_once(
    use: Callable[[Registry[Pen]], object], offer: Callable[..., list[str]]
) -> None:
    asked = offer(fine=lambda: Pen("FinePen"))
    pens = Registry[Pen]("pen", "test.pens")
    pens.add(Pen("BuiltIn"))
    assert asked == []
    use(pens)
    use(pens)
    assert asked == ["test.pens"]
    assert pens.keys() == ["BuiltIn", "FinePen"]


@pytest.mark.parametrize("of", [list, tuple, iter, set])
def test_an_entry_point_may_bring_several_records(of: Callable[..., Any], offer: Callable[..., list[str]]) -> None:
    offer(several=lambda: of([Pen("A"), Pen("B")]))
    assert sorted(Registry[Pen]("pen", "test.pens").keys()) == ["A", "B"]


def test_without_a_group_no_entry_point_is_looked_for(pens: Registry[Pen], offer: Callable[..., list[str]]) -> None:
    asked = offer(fine=lambda: Pen("FinePen"))
    assert pens.keys() == ["FountainPen", "ball_pen"]
    assert asked == []


def test_a_broken_plug_in_is_named_and_takes_no_other_with_it(offer: Callable[..., list[str]]) -> None:
    def broken() -> Pen:
        raise RuntimeError("its ink is dry")

    offer(broken=broken, fine=lambda: Pen("FinePen"))
    pens = Registry[Pen]("pen", "test.pens")
    with pytest.warns(UserWarning, match="The pen plug-in 'broken' could not be loaded: its ink is dry"):
        assert pens.keys() == ["FinePen"]
    assert pens.keys() == ["FinePen"], "it is said once"


def test_a_plug_in_takes_no_name_that_is_in_use(offer: Callable[..., list[str]]) -> None:
    offer(thief=lambda: Pen("built_in", "red"))
    pens = Registry[Pen]("pen", "test.pens")
    pens.add(Pen("BuiltIn"))
    with pytest.warns(UserWarning, match="The pen plug-in 'thief' could not be loaded: .* is registered twice"):
        assert pens.get("BuiltIn").color == "blue"


def test_an_installed_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pens_of_others.py").write_text("from types import SimpleNamespace\npen = SimpleNamespace(key='Far')\n")
    info = tmp_path / "pens_of_others-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pens-of-others\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[test.pens]\nfar = pens_of_others:pen\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert Registry[Any]("pen", "test.pens").keys() == ["Far"]
