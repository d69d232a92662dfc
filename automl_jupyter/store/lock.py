"""One writer a job: a lock held as long as the process lives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from automl_jupyter._core.files import read_json, write_json
from automl_jupyter.errors import StoreError
from automl_jupyter.store.folder import JobFolder, owner

#: seconds a look at a lock may take
_LOOKING_S = 0.2


class JobLock:
    """Exclusive right to append to a job's log.

    The operating system frees it when the process ends, however it ends, so a lock is never stale.

    Parameters
    ----------
    folder : JobFolder
        The job.
    """

    def __init__(self, folder: JobFolder) -> None:
        self.folder = folder
        self._lock = FileLock(str(folder.lock_file), thread_local=False)

    @property
    def _owner_file(self) -> Path:
        return self.folder.lock_file.with_suffix(".json")

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        StoreError
            When another process runs the job, or its folder cannot be written to.
        """
        try:
            # Whoever only looks whether the job runs holds the lock for a moment.
            self._lock.acquire(timeout=_LOOKING_S, poll_interval=_LOOKING_S / 4)
            write_json(self._owner_file, owner())
        except Timeout:
            who = self._owner()
            raise StoreError(
                f"The job {self.folder.path.name} is being run by process {who.get('pid', '?')}"
                f" on {who.get('host', 'this machine')}."
            ) from None
        except OSError as error:
            self._lock.release()
            raise StoreError(f"The job {self.folder.path.name} cannot be locked: {error.strerror}.") from None
        except NotImplementedError:
            raise StoreError(
                f"The job {self.folder.path.name} cannot be locked: its file system knows no locks. Keep jobs on"
                " another disk, which is given as workspace=… or in the environment as AUTOML_JOBS."
            ) from None

    def _owner(self) -> dict[str, Any]:
        try:
            return dict(read_json(self._owner_file))
        except (OSError, ValueError, TypeError):
            return {}

    def release(self) -> None:
        """Give the lock back."""
        if self._lock.is_locked:
            self._owner_file.unlink(missing_ok=True)
            self._lock.release()


def is_running(folder: JobFolder) -> bool:
    """Return whether some process runs the job now; where its lock may not be looked at, none does."""
    try:
        if not folder.lock_file.exists():
            return False
        probe = FileLock(str(folder.lock_file), thread_local=False)
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False
    probe.release()
    return False
