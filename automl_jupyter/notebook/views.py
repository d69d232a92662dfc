"""The views that are showing a job now, so that unloading the extension can let go of all of them."""

from __future__ import annotations

from automl_jupyter.notebook.live import JobLike, Surface, Watch

_open: list[Watch] = []


def watch_job(job: JobLike, surface: Surface) -> Watch:
    """Show a job on a surface until it is over.

    Parameters
    ----------
    job : JobLike
        The job to show.
    surface : Surface
        Where to show it.

    Returns
    -------
    Watch
        Already started.
    """
    _open[:] = [watch for watch in _open if not watch.closed]
    watch = Watch(job, surface)
    _open.append(watch)
    return watch.start()


def finish_all() -> None:
    """Put the present state in the place of every open view and stop following the jobs, which go on."""
    for watch in _open:
        watch.finish()
    _open.clear()
