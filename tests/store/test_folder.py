"""The folder of a job: where things lie, what is asked of it, what it says when it is damaged."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl_jupyter._core.files import write_json
from automl_jupyter.errors import AutoMLError, SpecError, StoreError
from automl_jupyter.spec import make_job
from automl_jupyter.spec.kinds import shown
from automl_jupyter.store import events as ev
from automl_jupyter.store import folder as folder_module
from automl_jupyter.store.folder import (
    JobFolder,
    check_name,
    default_workspace,
    find_folder,
    list_folders,
    new_folder,
    owner,
    workspace_folder,
)

#: a busy machine may take its time
WriteLog = Callable[[JobFolder, list[ev.Event]], bytes]

CREATED = ev.JobCreated(name="job", experiment_name="experiment", task="regression", spec={})
OUTSIDE = ["..", ".", "../job", "a/b", "/etc", "a\\b", "~", "C:job", "", " job", "job ", "job\n", "-job", "_job"]
OUTSIDE += [".hidden", "job.", "job*", "jo?b", "[j]ob", "jöb", "a\x00b", "a" * 101, "my job", "CON", "nul.txt"]


# --- names and places ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["job", "Job-1_2.3", "7", "a..b", "a" * 100])
def test_a_name_fit_for_a_folder_is_taken(name: str) -> None:
    assert check_name(name, "name") == name


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    sentence = r"cannot name a folder\. Use letters \(a-z, A-Z\), digits, '-', '_' and '\.', 100 at most"
    with pytest.raises(StoreError, match=f"^name: .*{sentence}"):
        new_folder(tmp_path, "experiment", name)
    with pytest.raises(StoreError, match=f"^experiment_name: .*{sentence}"):
        new_folder(tmp_path, name, "job")
    with pytest.raises(StoreError, match=f"^name: .*{sentence}"):
        find_folder(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=300)
@given(name=st.text(st.characters(codec="utf-8") | st.sampled_from("./\\ab~*"), max_size=8))
def test_a_name_taken_stays_in_its_folder(name: str) -> None:
    try:
        check_name(name, "name")
    except StoreError:
        return
    path = os.path.normpath(f"/jobs/experiment/{name}")
    assert os.path.split(path) == ("/jobs/experiment", name)


@pytest.mark.parametrize("name", ["job", "Job-1_2.3", "7", "a..b", "console", "a" * 100, *OUTSIDE])
@pytest.mark.parametrize("field", ["name", "experiment_name"])
def test_what_is_asked_is_refused_by_the_rule_of_folders(field: str, name: str) -> None:
    try:
        check_name(name, field)
    except StoreError as error:
        allowed = str(error).split("Use ", 1)[1]
        with pytest.raises(SpecError, match=re.escape(f"{field}: {shown(name)} is not allowed; use {allowed}")):
            make_job("regression", training_data="df", target_column_name="y", **{field: name})
    else:
        assert (
            getattr(make_job("regression", training_data="df", target_column_name="y", **{field: name}), field) == name
        )


def test_everything_of_a_job_lies_in_its_folder(folder: JobFolder) -> None:
    places = {
        "job.yaml": folder.spec_file,
        "plan.json": folder.plan_file,
        "data.json": folder.data_file,
        "environment.json": folder.environment_file,
        "events.jsonl": folder.events_file,
        "control": folder.control_folder,
        "model": folder.model_folder,
        "lock": folder.lock_file,
    }
    assert places == {name: folder.path / name for name in places}


def test_jobs_are_kept_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOML_JOBS", "/somewhere/else")
    assert default_workspace() == Path("/somewhere/else")
    for unset in (lambda: monkeypatch.setenv("AUTOML_JOBS", ""), lambda: monkeypatch.delenv("AUTOML_JOBS")):
        unset()
        assert default_workspace() == Path("automl_jobs")


def test_a_workspace_may_begin_with_the_home_of_its_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("AUTOML_JOBS", "~/jobs")
    assert default_workspace() == workspace_folder() == workspace_folder("~/jobs") == tmp_path / "jobs"
    assert workspace_folder(Path("~")) == tmp_path
    assert workspace_folder("a~b") == Path("a~b")
    with pytest.raises(StoreError, match=r"^The workspace '~nobody-of-that-name/jobs' begins with a home .* not known"):
        workspace_folder("~nobody-of-that-name/jobs")


# --- making and finding --------------------------------------------------------------------------------------------


def test_a_new_folder_has_its_parts(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "jobs", "experiment", "job")
    assert folder.path == tmp_path / "jobs" / "experiment" / "job"
    assert {p.name for p in folder.path.iterdir()} == {"control", "trials", "features"}


def test_the_path_of_a_folder_holds_wherever_one_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        path = new_folder(Path("jobs"), "experiment", "job").path
    assert path == tmp_path / "jobs" / "experiment" / "job"


def test_names_are_made_up_and_different(tmp_path: Path) -> None:
    names = {new_folder(tmp_path, "experiment", None).path.name for _ in range(20)}
    assert len(names) == 20
    assert all(check_name(name, "name") == name for name in names)


def test_a_name_is_given_once_in_a_workspace(tmp_path: Path, write_log: WriteLog) -> None:
    write_log(new_folder(tmp_path, "first", "job"), [CREATED])
    for experiment in ("first", "second"):
        wanted = r"^name: a job 'job' exists already in .*first\. Choose another name\.$"
        with pytest.raises(StoreError, match=wanted):
            new_folder(tmp_path, experiment, "job")
    assert not (tmp_path / "second").exists()


def test_of_two_who_make_one_folder_the_second_is_refused(tmp_path: Path) -> None:
    """Neither has written its log yet."""
    new_folder(tmp_path, "experiment", "job")
    with pytest.raises(StoreError, match=r"^The job's folder .*job cannot be made: File exists\.$"):
        new_folder(tmp_path, "experiment", "job")


def test_a_workspace_that_is_a_file_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: Not a directory\.$"):
        new_folder(tmp_path / "jobs", "experiment", "job")


def test_a_job_is_found_by_its_name_and_log(tmp_path: Path, write_log: WriteLog) -> None:
    folder = new_folder(tmp_path, "second", "job")
    assert find_folder(tmp_path, "job") is None, "there is no log yet"
    write_log(folder, [CREATED])
    (tmp_path / "first" / "job").mkdir(parents=True)
    found = find_folder(tmp_path, "job")
    assert found is not None
    assert found.path == folder.path
    assert find_folder(tmp_path, "jo") is None
    assert find_folder(tmp_path / "none", "job") is None


def test_jobs_are_listed_newest_first(tmp_path: Path, write_log: WriteLog) -> None:
    assert list_folders(tmp_path / "none") == []
    for name, changed in (("middle", 2), ("newest", 3), ("oldest", 1)):
        folder = new_folder(tmp_path, f"of-{name}", name)
        write_log(folder, [CREATED])
        os.utime(folder.path, (changed, changed))
    new_folder(tmp_path, "experiment", "without-a-log")
    assert [f.path.name for f in list_folders(tmp_path)] == ["newest", "middle", "oldest"]


def test_an_owner_is_this_process() -> None:
    assert owner()["pid"] == os.getpid()
    assert json.loads(json.dumps(owner())).keys() == {"pid", "host", "at"}


# --- requests ------------------------------------------------------------------------------------------------------


def test_a_request_is_read_once(folder: JobFolder) -> None:
    folder.request("extend", minutes=2.5)
    assert [p.suffix for p in folder.control_folder.iterdir()] == [".json"]
    assert folder.take_requests() == [("extend", {"minutes": 2.5})]
    assert folder.take_requests() == []
    assert list(folder.control_folder.iterdir()) == []


def test_requests_of_one_instant_are_read_in_order(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "now_at", lambda: "2024-01-02T03:04:05.678Z")
    monkeypatch.setattr(folder_module, "uuid", SimpleNamespace(uuid4=iter(_descending_ids()).__next__))
    for number in range(20):
        folder.request("skip", number=number)
    assert folder.take_requests() == [("skip", {"number": number}) for number in range(20)]


def _descending_ids() -> list[SimpleNamespace]:
    return [SimpleNamespace(hex=f"{n:08x}") for n in range(1000, 0, -1)]


def test_requests_of_different_instants_are_read_in_order(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    instants = ["2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.679Z", "2024-01-02T13:00:00.000Z"]
    for instant in reversed(instants):
        monkeypatch.setattr(folder_module, "now_at", lambda instant=instant: instant)
        folder.request("block", learner=instant)
    assert [arguments["learner"] for _, arguments in folder.take_requests()] == instants


def test_a_folder_without_requests_has_none(tmp_path: Path) -> None:
    assert JobFolder(tmp_path / "none").take_requests() == []


@pytest.mark.parametrize(
    ("record", "request_"),
    [
        ({"request": "pause"}, ("pause", {})),
        ({"request": "pause", "arguments": None}, ("pause", {})),
        ({"request": "extend", "arguments": {"minutes": "2.5"}}, ("extend", {"minutes": 2.5})),
        ({"request": "skip", "arguments": {"number": 3}}, ("skip", {"number": 3})),
        ({"request": "of_a_newer_version", "arguments": {"a": [1]}}, ("of_a_newer_version", {"a": [1]})),
    ],
)
def test_a_request_may_be_written_by_hand(
    record: dict[str, Any], request_: tuple[str, dict[str, Any]], folder: JobFolder
) -> None:
    (folder.control_folder / "by-hand.json").write_text(json.dumps(record))
    assert folder.take_requests() == [request_]


DAMAGED = {
    "empty": b"",
    "cut": b'{"request": "canc',
    "binary": b"\x00\xff\x80",
    "nested": b"[" * 100_000,
    "a list": b"[1, 2]",
    "a number": b"3",
    "a word": b'"cancel"',
    "nothing": b"null",
    "no request": b'{"arguments": {}}',
    "arguments that are a word": b'{"request": "cancel", "arguments": "now"}',
    "arguments that are a number": b'{"request": "cancel", "arguments": 5}',
    "minutes in words": b'{"request": "extend", "arguments": {"minutes": "many"}}',
    "minutes of a list": b'{"request": "extend", "arguments": {"minutes": [1]}}',
    "no minutes": b'{"request": "extend", "arguments": {}}',
    "minutes without an end": b'{"request": "extend", "arguments": {"minutes": Infinity}}',
    "minutes too many": b'{"request": "extend", "arguments": {"minutes": 1e999}}',
    "minutes that are no number": b'{"request": "extend", "arguments": {"minutes": NaN}}',
    "a trial in words": b'{"request": "skip", "arguments": {"number": "first"}}',
    "a trial without an end": b'{"request": "skip", "arguments": {"number": Infinity}}',
    "no trial": b'{"request": "skip"}',
    "what the log cannot hold": b'{"request": "pause", "arguments": {"a": [NaN]}}',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_request_is_taken_away_and_harms_no_other(content: bytes, folder: JobFolder) -> None:
    folder.request("pause")
    (folder.control_folder / "0-damaged.json").write_bytes(content)
    (folder.control_folder / "z-damaged.json").write_bytes(content)
    assert folder.take_requests() == [("pause", {})]
    assert list(folder.control_folder.iterdir()) == []


def test_whatever_is_asked_can_be_logged(folder: JobFolder, write_log: WriteLog) -> None:
    """A request the log or the fold chokes on would end the job, and again each time its log is read."""
    for n, content in enumerate([*DAMAGED.values(), b'{"request": "extend", "arguments": {"minutes": "2"}}']):
        (folder.control_folder / f"{n}.json").write_bytes(content)
    asked = [ev.RequestReceived(request=r, arguments=a) for r, a in folder.take_requests()]
    write_log(folder, [CREATED, *asked])
    assert folder.history().extended_s == 120.0


def test_what_is_still_being_written_is_left_alone(folder: JobFolder) -> None:
    half = folder.control_folder / ".request.json.abc.tmp"
    half.write_text('{"request"')
    assert folder.take_requests() == []
    assert half.exists()


# --- damage --------------------------------------------------------------------------------------------------------

LOG = [
    CREATED,
    ev.PlanMade(plan={"metric": {"name": "auc", "greater_is_better": True}}),
    ev.TrialQueued(number=0, learner="Tree", params={"depth": 3}, n_folds=1),
    ev.FoldStarted(number=0, fold=0),
    ev.FoldEnded(number=0, fold=0, metrics={"auc": 0.5}, fit_s=1.0, predict_s=0.1, n_train=10, n_valid=5),
    ev.EnsembleSelected(ensemble="VotingEnsemble", members=[[0, 1.0]], metrics={}, fold_metrics=[{}], complete=True),
    ev.RequestReceived(request="extend", arguments={"minutes": 12.5}),
    ev.JobEnded(status="Completed"),
]


def history_or_none(folder: JobFolder) -> Any:
    """Return the history of a folder, or None where it is said to be damaged; any other error is raised."""
    try:
        return folder.history()
    except StoreError:
        return None


def test_a_whole_log_is_read(folder: JobFolder, write_log: WriteLog) -> None:
    write_log(folder, LOG)
    history = folder.history()
    assert (history.name, history.status, history.n_events) == ("job", "Completed", len(LOG))


def test_a_log_cut_at_any_byte_is_a_job_once_it_has_a_line(folder: JobFolder, write_log: WriteLog) -> None:
    data = write_log(folder, LOG)
    for cut in reversed(range(len(data) + 1)):
        os.truncate(folder.events_file, cut)
        history, n_whole = history_or_none(folder), data[:cut].count(b"\n")
        assert (0 if history is None else history.n_events) == n_whole


@settings(max_examples=300)
@given(data=st.data())
def test_damaged_bytes_lose_events_or_the_job_and_raise_nothing_else(
    data: st.DataObject, shared_folder: JobFolder, write_log: WriteLog
) -> None:
    shared_folder.events_file.unlink(missing_ok=True)
    log = bytearray(write_log(shared_folder, LOG))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(log) - 1))
        damage = st.binary(min_size=1, max_size=3) | st.sampled_from([b"\n", b"0", b".", b"[", b"]", b'"', b"null"])
        log[at : at + data.draw(st.integers(1, 3))] = data.draw(damage)
    shared_folder.events_file.unlink()
    shared_folder.events_file.write_bytes(log)
    history = history_or_none(shared_folder)
    assert history is None or history.n_events <= len(LOG)


def _no_folder(folder: JobFolder) -> None:
    for part in folder.path.iterdir():
        part.rmdir()
    folder.path.rmdir()


UNREADABLE: dict[str, Callable[[JobFolder], object]] = {
    "no folder": _no_folder,
    "no log": lambda folder: None,
    "an empty log": lambda folder: folder.events_file.write_bytes(b""),
    "a torn first line": lambda folder: folder.events_file.write_bytes(b'{"kind": "job_cre'),
    "binary": lambda folder: folder.events_file.write_bytes(bytes(range(256)) * 4),
    "an image": lambda folder: folder.events_file.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"),
    "no beginning": lambda folder: folder.events_file.write_text('{"kind":"job_ended","status":"Completed"}\n'),
    "a folder": lambda folder: folder.events_file.mkdir(),
    "a beginning without a name": lambda folder: folder.events_file.write_text('{"kind":"job_created"}\n'),
}


@pytest.mark.parametrize("damage", UNREADABLE.values(), ids=UNREADABLE)
def test_a_damaged_folder_is_a_sentence(damage: Callable[[JobFolder], object], folder: JobFolder) -> None:
    damage(folder)
    with pytest.raises(StoreError, match=r"job holds no readable job: events\.jsonl is (missing or )?damaged") as error:
        folder.history()
    assert error.value._render_traceback_() == [f"StoreError: {error.value}"]
    assert error.value.__suppress_context__ or error.value.__context__ is None


WRONG = {
    "minutes": {"kind": "request_received", "request": "extend", "arguments": {"minutes": "many"}},
    "arguments": {"kind": "request_received", "request": "extend", "arguments": None},
    "members": {"kind": "ensemble_selected", "ensemble": "e", "members": [[1.5]], "metrics": {}, "fold_metrics": []}
    | {"complete": True},
    "elapsed_s": {"kind": "noted", "message": "m", "elapsed_s": "long"},
    "number": {"kind": "trial_queued", "number": [1], "learner": "Tree", "params": {}},
    "huge": {"kind": "request_received", "request": "extend", "arguments": {"minutes": 10**400}},
}


@pytest.mark.parametrize("record", WRONG.values(), ids=WRONG)
def test_values_no_event_has_are_a_sentence(record: dict[str, Any], folder: JobFolder, write_log: WriteLog) -> None:
    write_log(folder, [CREATED])
    with open(folder.events_file, "a") as file:
        file.write(json.dumps(record) + "\n")
    with pytest.raises(StoreError, match=r"job holds no readable job: events\.jsonl is damaged \(.+\)\.$"):
        folder.history()


# --- damage met on the way in --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"^The file .* cannot be read: No such file or directory\.$"),
        (b"\x00\xff\x80", r"^The file .* cannot be read: it is not UTF-8 text\.$"),
        (b"task: [", "line 1, this is not YAML"),
        (b"", "^task: is missing"),
    ],
)
def test_a_damaged_job_yaml_is_a_sentence(
    content: bytes | None, message: str, folder: JobFolder, write_log: WriteLog
) -> None:
    from automl_jupyter.client.submit import resume

    write_log(folder, [CREATED])
    if content is not None:
        folder.spec_file.write_bytes(content)
    with pytest.raises(AutoMLError, match=message):
        resume("job", workspace=folder.path.parent.parent, compute="inline")


def reopen_job(folder: JobFolder) -> None:
    """Go on with a job as far as its plan and the description of its data."""
    from automl_jupyter.jobs.prepare import reopen
    from automl_jupyter.spec import parse_cell

    job: Any = parse_cell("task: regression\ntarget_column_name: y\ntraining_data: table.csv")
    reopen(job, folder, namespace=None, base=folder.path)


def test_a_plan_cut_at_any_byte_is_a_sentence(folder: JobFolder) -> None:
    from automl_jupyter.testing.simulation import make_plan

    write_json(folder.data_file, {})
    write_json(folder.plan_file, make_plan().to_dict())
    data = folder.plan_file.read_bytes().rstrip()
    for cut in reversed(range(len(data))):
        os.truncate(folder.plan_file, cut)
        with pytest.raises(StoreError, match=r"^job cannot go on: its plan or data description is damaged \("):
            reopen_job(folder)


@pytest.mark.parametrize("broken", ["plan.json", "data.json"])
@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\x80", b'{"cache": "/somewh'])
def test_a_damaged_plan_or_description_is_a_sentence(broken: str, content: bytes | None, folder: JobFolder) -> None:
    from automl_jupyter.testing.simulation import make_plan

    write_json(folder.data_file, {})
    write_json(folder.plan_file, make_plan().to_dict())
    (folder.path / broken).unlink()
    if content is not None:
        (folder.path / broken).write_bytes(content)
    with pytest.raises(StoreError, match=r"^job cannot go on: its plan or data description is damaged \("):
        reopen_job(folder)


@pytest.mark.parametrize("content", [b"[]", b"{}", b"3", b"null", b'{"limits": 3}'])
def test_a_plan_of_another_shape_is_a_sentence(content: bytes, folder: JobFolder) -> None:
    write_json(folder.data_file, {})
    folder.plan_file.write_bytes(content)
    with pytest.raises(StoreError, match=r"^job cannot go on: its plan or data description is damaged \("):
        reopen_job(folder)


def test_a_request_that_is_a_folder_is_passed_over(folder: JobFolder) -> None:
    folder.request("pause")
    (folder.control_folder / "0.json").mkdir()
    assert folder.take_requests() == [("pause", {})]


def test_a_request_that_cannot_be_written_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, value: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_module, "write_json", full)
    with pytest.raises(StoreError, match="'cancel' cannot be asked of the job bank: No space left on device"):
        JobFolder(tmp_path / "bank").request("cancel")
