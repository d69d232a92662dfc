"""What jobs and experiments may be called: each name is a folder's, on any system, and part of an address."""

from __future__ import annotations

import re

#: the longest name: a path on Windows has 260 characters in all
MOST_CHARACTERS = 100
#: what a name may be, as the object of the sentence "use …"
FOLDER_NAME = (
    f"letters (a-z, A-Z), digits, '-', '_' and '.', {MOST_CHARACTERS} at most, beginning with a letter or digit and not"
    " ending in '.'; names that Windows keeps for itself, such as CON, are not allowed"
)
#: what a cell that is run again adds to its job's name
RUN_NUMBER = r"-([1-9]\d{0,8})"
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{MOST_CHARACTERS - 1}}}")
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)


def is_folder_name(name: str) -> bool:
    """Return whether a job or an experiment may have a name.

    Examples
    --------
    >>> is_folder_name("bank-2.1"), is_folder_name("my job"), is_folder_name("con")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(name)) and not name.endswith(".") and not _OF_WINDOWS.fullmatch(name)
