"""One writer a job, and nobody kept out by one that is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from filelock import FileLock

from automl_jupyter._core.files import read_json, write_json
from automl_jupyter.errors import StoreError
from automl_jupyter.store import lock as lock_module
from automl_jupyter.store.folder import JobFolder, owner
from automl_jupyter.store.lock import JobLock, is_running

HOLDER = """
import sys
from pathlib import Path
from automl_jupyter.store.folder import JobFolder
from automl_jupyter.store.lock import JobLock
lock = JobLock(JobFolder(Path(sys.argv[1])))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held(folder: JobFolder) -> Iterator[JobLock]:
    """Return a lock that is held."""
    lock = JobLock(folder)
    lock.acquire()
    yield lock
    lock.release()


def test_a_job_runs_as_long_as_its_lock_is_held(folder: JobFolder) -> None:
    assert not is_running(folder)
    lock = JobLock(folder)
    assert not is_running(folder)
    lock.acquire()
    assert is_running(folder)
    assert is_running(folder), "looking takes nothing away"
    lock.release()
    assert not is_running(folder)


def test_looking_leaves_no_trace(folder: JobFolder) -> None:
    before = set(folder.path.iterdir())
    assert not is_running(folder)
    assert set(folder.path.iterdir()) == before


def test_a_second_writer_is_told_who_is_the_first(folder: JobFolder, held: JobLock) -> None:
    who = owner()
    with pytest.raises(StoreError, match=f"^The job job is being run by process {who['pid']} on {who['host']}\\.$"):
        JobLock(folder).acquire()
    assert is_running(folder)


@pytest.mark.parametrize("content", [None, b"", b'{"pid": 12', b"\x00\xff\x80", b"3", b"[1]", b'"me"'])
def test_a_second_writer_is_refused_by_one_it_cannot_name(
    content: bytes | None, folder: JobFolder, held: JobLock
) -> None:
    file = folder.path / "lock.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreError, match=r"^The job job is being run by process \? on this machine\.$"):
        JobLock(folder).acquire()


def test_what_is_given_back_is_taken_by_the_next(folder: JobFolder, held: JobLock) -> None:
    held.release()
    after = JobLock(folder)
    after.acquire()
    assert is_running(folder)
    after.release()
    assert not is_running(folder)


def test_who_holds_a_lock_is_written_as_long(folder: JobFolder) -> None:
    lock = JobLock(folder)
    lock.acquire()
    who = read_json(folder.path / "lock.json")
    assert (who["pid"], who["host"]) == (os.getpid(), owner()["host"])
    lock.release()
    assert not (folder.path / "lock.json").exists()


def test_who_does_not_hold_a_lock_takes_it_from_nobody(folder: JobFolder, held: JobLock) -> None:
    JobLock(folder).release()
    assert is_running(folder)
    assert (folder.path / "lock.json").exists()


def test_a_lock_may_be_given_back_twice(folder: JobFolder, held: JobLock) -> None:
    held.release()
    held.release()
    assert not is_running(folder)


def test_files_left_by_a_writer_that_is_gone_keep_nobody_out(folder: JobFolder) -> None:
    folder.lock_file.write_bytes(b"")
    write_json(folder.path / "lock.json", {"pid": 1, "host": "elsewhere", "at": "2024-01-02T03:04:05.678Z"})
    assert not is_running(folder)
    lock = JobLock(folder)
    lock.acquire()
    assert read_json(folder.path / "lock.json")["pid"] == os.getpid()
    lock.release()


@pytest.mark.chaos
def test_a_killed_writer_keeps_nobody_out(folder: JobFolder) -> None:
    command = [sys.executable, "-c", HOLDER, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_running(folder)
        with pytest.raises(StoreError, match=f"is being run by process {holder.pid} on "):
            JobLock(folder).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert not is_running(folder)
    lock = JobLock(folder)
    lock.acquire()
    lock.release()


def test_a_lock_that_cannot_be_made_is_a_sentence(folder: JobFolder) -> None:
    folder.lock_file.mkdir()
    with pytest.raises(StoreError, match=r"^The job job cannot be locked: Is a directory\.$"):
        JobLock(folder).acquire()


def test_who_cannot_write_its_name_does_not_hold_the_lock(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: object, value: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lock_module, "write_json", fail)
    with pytest.raises(StoreError, match=r"^The job job cannot be locked: No space left on device\.$"):
        JobLock(folder).acquire()
    assert not is_running(folder)


def test_a_file_system_without_locks_is_a_sentence(folder: JobFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: FileLock, *arguments: object, **more: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead")

    monkeypatch.setattr(FileLock, "acquire", fail)
    with pytest.raises(
        StoreError, match=r"^The job job cannot be locked: .*Keep jobs on another disk, .*AUTOML_JOBS\.$"
    ):
        JobLock(folder).acquire()
    folder.lock_file.touch()
    assert not is_running(folder)
