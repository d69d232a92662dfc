"""The addresses: what they say, and whom they refuse."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from tornado.iostream import StreamClosedError

from automl_jupyter.client.submit import submit
from automl_jupyter.client.workspace import MLClient
from automl_jupyter.server import handlers
from automl_jupyter.testing import quick


@pytest.fixture
def dead(server: Any) -> Iterator[Path]:
    """Return the folder of a job whose process died in the middle."""
    folder: Path = server.workspace / "birds" / "dead"
    shutil.copytree(server.workspace / "birds" / "bank", folder, ignore=shutil.ignore_patterns("lock*", "summary*"))
    log = folder / "events.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:12]))
    yield folder
    shutil.rmtree(folder)


def test_jobs_are_listed_with_what_they_came_to(server: Any) -> None:
    found = server.get("jobs").json()
    assert found["workspaces"][server.key()] == str(server.workspace.resolve())
    jobs = {job["name"]: job for job in found["jobs"] if job["workspace"] == server.key()}
    job = MLClient(server.workspace).jobs.get("bank")
    best = job.snapshot()["best"]
    seen = jobs["bank"]
    assert (seen["status"], seen["best"], seen["text"]) == ("Completed", best["label"], best["text"])
    assert (seen["experiment"], seen["n_complete"]) == ("birds", job.snapshot()["counts"]["complete"])
    assert seen["reason"] == job.snapshot()["reason"] != ""


def test_a_damaged_job_is_shown_as_such_and_harms_no_other(server: Any) -> None:
    jobs = {job["name"]: job for job in server.get("jobs").json()["jobs"] if job["workspace"] == server.key()}
    assert jobs["torn"]["status"] == "Damaged"
    assert jobs["bank"]["status"] == "Completed"
    answer = server.get(f"jobs/{server.key()}/torn")
    assert answer.status_code == 422
    assert "damaged" in answer.json()["message"]


def test_a_job_says_what_its_handle_says(server: Any) -> None:
    from automl_jupyter.client.updates import shown_snapshot

    shown = shown_snapshot(MLClient(server.workspace).jobs.get("bank"))
    assert server.get(f"jobs/{server.key()}/bank").json() == json.loads(json.dumps(shown))


@pytest.mark.parametrize("name", ["nobody", "%2e%2e", "%2e%2e%2fbank", "bank%00", "x" * 300])
def test_an_unknown_job_is_a_404_that_says_what_to_do(server: Any, name: str) -> None:
    answer = server.get(f"jobs/{server.key()}/{name}")
    assert answer.status_code == 404
    if name == "nobody":
        assert "'nobody'" in answer.json()["message"]
        assert "list of jobs" in answer.json()["message"]


def test_questions_about_models_are_answered(server: Any) -> None:
    address = f"jobs/{server.key()}/bank/answers"
    label = server.get(f"jobs/{server.key()}/bank").json()["best"]["label"]
    page = server.post(address, json={"what": "model", "model": label}).json()
    assert page["code"]
    chart = {"what": "chart", "model": label, "chart": page["charts"][0]["name"]}
    assert server.post(address, user="bob", json=chart).json()["png"]
    assert "error" in server.post(address, json={"what": "model", "model": "nobody"}).json()


def test_files_of_a_job_are_sent_to_be_kept(server: Any) -> None:
    files = {f["path"]: f["size_bytes"] for f in server.get(f"jobs/{server.key()}/bank/files").json()["files"]}
    on_disk = server.workspace / "birds" / "bank" / "events.jsonl"
    assert files["events.jsonl"] == on_disk.stat().st_size
    answer = server.get(f"jobs/{server.key()}/bank/files/events.jsonl")
    assert answer.content == on_disk.read_bytes()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["../torn/events.jsonl", "%2e%2e/torn/events.jsonl", "..%2ftorn%2fevents.jsonl", "/etc/passwd", "%00", "link"],
)
def test_nothing_outside_a_jobs_folder_is_sent(server: Any, tmp_path: Path, path: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = server.workspace / "birds" / "bank" / "link"
    link.symlink_to(secret)
    try:
        connection = httpx.Client(headers={"Authorization": "token ann"})
        with connection:
            request = connection.build_request("GET", f"{server.url}jobs/{server.key()}/bank/files/x")
            request.url = request.url.copy_with(
                raw_path=f"/user/ann/automl-jupyter/api/jobs/{server.key()}/bank/files/{path}".encode()
            )
            answer = connection.send(request)
        assert answer.status_code == 404
        assert b"secret" not in answer.content
    finally:
        link.unlink()


@pytest.mark.parametrize("path", ["jobs", "jobs/stream", "jobs/{key}/bank", "jobs/{key}/bank/files", "schema"])
def test_nobody_is_answered_without_a_token(server: Any, path: str) -> None:
    for user in (None, "eve"):
        answer = server.get(path.format(key=server.key()), user=user)
        assert answer.status_code == 403
        assert "bank" not in answer.text


def test_who_may_only_look_cannot_ask_anything_of_a_job(server: Any) -> None:
    address = f"jobs/{server.key()}/bank/requests"
    assert server.get("jobs", user="bob").status_code == 200
    assert server.post(address, user="bob", json={"type": "cancel"}).status_code == 403
    refused = server.post(address, json={"type": "cancel"})
    assert (refused.status_code, refused.json()["message"]) == (409, "The job is over.")


def test_nothing_is_asked_of_a_job_that_nobody_runs(server: Any, dead: Path) -> None:
    address = f"jobs/{server.key()}/{dead.name}"
    assert server.get(address).json()["status"] == "NotResponding"
    for wanted in ("cancel", "pause"):
        refused = server.post(f"{address}/requests", json={"type": wanted})
        assert refused.status_code == 409
        assert f"%automl resume {dead.name}" in refused.json()["message"]
        assert "%%" not in refused.json()["message"], "that would be a cell"
    assert list((dead / "control").iterdir()) == []


def test_a_job_whose_name_is_used_again_is_shown_and_not_the_one_before(server: Any, dead: Path) -> None:
    address = f"jobs/{server.key()}/{dead.name}"
    log = dead / "events.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    later = lines[0].replace(b'"at":"20', b'"at":"21')
    with server.stream(f"{address}/stream") as stream:
        told = events(stream.iter_lines())
        assert next(told)[1]["seq"] == len(lines)
        shutil.rmtree(dead)
        dead.mkdir()
        log.write_bytes(later + b"".join(lines[1:]))
        assert list(told) == [], "it ends without an end of the job, and the page connects again"
    shown = server.get(address).json()
    assert (shown["seq"], shown["created_at"][:2]) == (len(lines), "21")
    log.write_bytes(later)
    assert server.get(address).json()["seq"] == 1


def test_another_sites_page_is_refused_though_the_browser_is_logged_in(
    server: Any, workspace: Path, tmp_path: Path
) -> None:
    own = type(server)(tmp_path, workspace, config='c.IdentityProvider.token = "secret"')
    try:
        own.wait_until_up()
        job, elsewhere = f"{own.url}jobs/{own.key()}/bank", {"Origin": "http://evil.example"}
        with httpx.Client(timeout=30) as browser:
            browser.get(own.url.replace("automl-jupyter/api/", "login"))  # a page, which hands out the form's secret
            assert browser.get(own.url + "jobs").status_code == 403
            browser.get(own.url + "jobs", params={"token": "secret"})
            assert browser.cookies, "logged in from here on"
            assert browser.get(job).status_code == 200
            assert browser.get(job, headers=elsewhere).status_code in (403, 404)
            secret = {"X-XSRFToken": browser.cookies["_xsrf"]}
            for headers, status in ((secret, 409), ({}, 403), ({**secret, **elsewhere}, 404)):
                asked = browser.post(f"{job}/requests", json={"type": "cancel"}, headers=headers)
                assert asked.status_code == status, headers
    finally:
        own.stop()


def test_a_request_that_there_is_not_is_refused_with_those_there_are(server: Any, dead: Path) -> None:
    for name in ("bank", dead.name):
        for content in ({"type": "stop"}, {"type": ["cancel"]}, {}):
            refused = server.post(f"jobs/{server.key()}/{name}/requests", json=content)
            assert refused.status_code == 400
            assert "use 'cancel', 'pause', " in refused.json()["message"]


def test_a_file_that_grows_is_sent_as_it_was_when_it_was_asked_for(server: Any) -> None:
    file, size = (
        server.workspace / "birds" / "bank" / "grows.bin",
        (32 << 20) + 5,
    )  # more than waits between two sockets
    with open(file, "wb") as stream:
        stream.truncate(size)
    try:
        with server.stream(f"jobs/{server.key()}/bank/files/{file.name}") as answer:
            chunks = answer.iter_raw()
            n = len(next(chunks))
            with open(file, "ab") as stream:
                stream.write(b"more")
            assert n + sum(len(chunk) for chunk in chunks) == int(answer.headers["Content-Length"]) == size
    finally:
        file.unlink()


def test_large_and_shapeless_bodies_are_refused(server: Any) -> None:
    address = f"jobs/{server.key()}/bank/answers"
    assert server.post(address, content=b"[" * 300_000).status_code == 413
    for content in (b"[" * 100_000, b"[1]", b"", b"\xff"):
        answer = server.post(address, content=content)
        assert (answer.status_code, "JSON" in answer.json()["message"]) == (400, True)


def test_a_cell_is_checked_before_it_runs(server: Any) -> None:
    cell = "%%automl --timeout 5\ntask: clasification\ntraining_data: df\n"
    (problem, *_) = server.post("check", json={"text": cell}).json()["problems"]
    assert problem["line"] == 2
    assert "classification" in problem["message"]
    assert server.post("check", json={"text": "print(1)"}).json() == {"problems": []}
    assert server.post("check", json={"text": 5}).status_code == 400


def test_the_description_names_every_address(server: Any) -> None:
    from automl_jupyter.server.handlers import ROUTES

    described = server.get("openapi.json").json()
    assert len(described["paths"]) == len(ROUTES)
    assert described["servers"] == [{"url": "/user/ann/automl-jupyter/api"}]
    for path, methods in described["paths"].items():
        if "get" not in methods or path.endswith("stream") or "files/" in path:
            continue
        address = path.format(workspace=server.key(), name="bank").lstrip("/")
        assert server.get(address).status_code == 200, path


def events(lines: Any) -> Any:
    """Yield the events of a stream."""
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


@pytest.mark.slow
def test_a_running_job_is_told_of_as_it_goes_and_stopped_from_a_page(server: Any) -> None:
    spec = quick.make_spec(name="runs", experiment_name="birds", limits={"timeout_minutes": 2, "max_trials": 500})
    job = submit(spec, workspace=server.workspace, compute="inline")
    try:
        address = f"jobs/{server.key()}/runs"
        with (
            httpx.stream(
                "GET", f"{server.url}{address}/stream", headers={"Authorization": "token bob"}, timeout=60
            ) as one,
            httpx.stream("GET", f"{server.url}jobs/stream", headers={"Authorization": "token bob"}, timeout=60) as all_,
        ):
            assert one.headers["Content-Type"] == "text/event-stream"
            told, listed = events(one.iter_lines()), events(all_.iter_lines())
            kind, snapshot = next(told)
            assert (kind, snapshot["name"], snapshot["over"]) == ("snapshot", "runs", False)
            kind, first = next(listed)
            assert kind == "jobs"
            assert "runs" in {j["name"] for j in first["jobs"]}
            kind, delta = next(told)
            assert (kind, delta["from"]) == ("delta", snapshot["seq"])
            assert server.post(f"{address}/requests", json={"type": "cancel"}).status_code == 202
            kinds = [kind for kind, _ in told]
            assert kinds[-1] == "over"
            changes = next(c for _, c in listed if any(j["status"] == "Canceled" for j in c["jobs"]))
            assert [j["name"] for j in changes["jobs"]] == ["runs"]
    finally:
        job.cancel()
        job.wait(60)
    assert job.status == "Canceled"
    assert server.get(address).json()["status"] == "Canceled"


def test_a_job_in_another_folder_is_known_where_it_was_started(server: Any, tmp_path: Path) -> None:
    quick.run_job(workspace=tmp_path / "elsewhere", name="far")
    found = {job["name"]: job for job in server.get("jobs").json()["jobs"]}
    assert found["far"]["workspace"] != server.key()
    assert server.get(f"jobs/{found['far']['workspace']}/far").json()["name"] == "far"


def test_two_servers_agree(server: Any, workspace: Path, tmp_path: Path) -> None:
    other = type(server)(tmp_path, workspace)
    try:
        assert other.wait_until_up().get("jobs").json() == server.get("jobs").json()
    finally:
        other.stop()


def test_a_cell_is_completed_and_explained_while_it_is_written(server: Any) -> None:
    cell = "%%automl\ntask: regr"
    place = {"text": cell, "row": 1, "column": 10}
    assert server.post("complete", json=place).json() == {"fragment": "regr", "texts": ["regression"]}
    assert server.post("explain", user="bob", json=place).json()["explanation"]["field"] == "task"
    other = {"text": "print(1)", "row": 0, "column": 3}
    assert server.post("complete", json=other).json()["texts"] == []
    assert server.post("explain", json=other).json() == {"explanation": None}
    for wrong in ({}, {"text": cell, "row": -1}, {"text": cell, "column": "x"}):
        for address in ("complete", "explain"):
            assert server.post(address, json=wrong).status_code == 400


def test_a_download_that_is_broken_off_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "_CHUNK", 4)

    class Reader:
        def __init__(self, most: int) -> None:
            self.most = most
            self.sent = b""

        def write(self, chunk: bytes) -> None:
            self.sent += chunk

        async def flush(self) -> None:
            if len(self.sent) >= self.most:
                raise StreamClosedError

    patient, gone = Reader(100), Reader(8)
    file = io.BytesIO(bytes(range(20)))
    assert asyncio.run(handlers.send_bytes(cast(Any, patient), file, 18))
    assert patient.sent == bytes(range(18))  # what is written behind the size that was told stays
    file.seek(0)
    assert not asyncio.run(handlers.send_bytes(cast(Any, gone), file, 20))
    assert gone.sent == bytes(range(8))


def test_a_job_whose_log_says_too_little_is_damaged_and_not_gone(server: Any) -> None:
    folder = server.workspace / "birds" / "odd"
    shutil.copytree(server.workspace / "birds" / "bank", folder, ignore=shutil.ignore_patterns("lock*", "summary*"))
    try:
        record = {"v": 1, "kind": "model_selected", "label": "x", "trial": 0, "parts": [{}], "metrics": {}}
        with open(folder / "events.jsonl", "a") as log:
            log.write(json.dumps(record) + "\n")
        answer = server.get(f"jobs/{server.key()}/odd")
        assert answer.status_code == 422
        assert "damaged" in answer.json()["message"]
    finally:
        shutil.rmtree(folder)
