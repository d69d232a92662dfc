"""Where the rows come from: a notebook variable, a table in memory, a file or an MLTable folder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr

from automl_jupyter.spec.base import Settings
from automl_jupyter.spec.kinds import Allowed, RefusedError, Text, as_text, one_of, shown

_TYPES = ("mltable", "uri_file", "uri_folder", "frame")


def _path(value: object) -> object:
    text = as_text(value)
    if isinstance(text, str) and re.match(r"azureml:", text, re.IGNORECASE):
        raise RefusedError(
            f"{shown(text)} is a path in the Azure Machine Learning cloud, which cannot be read from here;"
            " use a path on this machine or a URL such as https:// or s3://."
        )
    return text


def is_table(value: object) -> bool:
    """Return whether a value is a table in memory, judged by what it offers."""
    if isinstance(value, type | str | bytes | Mapping | Input):
        return False
    kind = type(value)  # asking the value itself makes a lazy table resolve its columns
    return (
        hasattr(kind, "__arrow_c_stream__")
        or hasattr(kind, "__dataframe__")
        or (hasattr(kind, "columns") and (hasattr(kind, "dtypes") or hasattr(kind, "schema")))
    )


def _variable(value: object) -> object:
    """Spell a variable as Python does, which folds letters of one meaning into one."""
    text = as_text(value)
    return unicodedata.normalize("NFKC", text) if isinstance(text, str) else text


class Input(Settings):
    """One table given to a job.

    Parameters
    ----------
    type : {"mltable", "uri_file", "uri_folder", "frame"}, optional
        What it is; recognised from the path when left out.
    path : str, optional
        A path or URL of a file or an MLTable folder.
    name : str, optional
        The name of a notebook variable that holds the table.
    mode, datastore : str, optional
        How and whence the cloud hands over the input; kept for compatibility, not used.

    Examples
    --------
    >>> Input(type="mltable", path="./train").path
    './train'
    >>> Input.of("train_df").name
    'train_df'
    """

    type: Annotated[
        Literal["mltable", "uri_file", "uri_folder", "frame"] | None,
        BeforeValidator(one_of(*_TYPES)),
        Allowed("'mltable', 'uri_file', 'uri_folder' or 'frame'"),
    ] = Field(None, description="What the input is; recognised from the path when left out.")
    path: Annotated[str, BeforeValidator(_path), Allowed("a path or a URL")] | None = Field(
        None, description="A path or URL of a file or an MLTable folder."
    )
    name: Annotated[str, BeforeValidator(_variable), Allowed("text")] | None = Field(
        None, description="The name of a notebook variable that holds the table."
    )
    mode: Text | None = Field(None, description="How the cloud hands it over; kept for compatibility, not used.")
    datastore: Text | None = Field(None, description="The cloud's datastore; kept for compatibility, not used.")
    _frame: Any = PrivateAttr(default=None)

    @classmethod
    def of(cls, value: object) -> Input:
        """Return the input that a value stands for.

        Parameters
        ----------
        value : object
            An :class:`Input` (or another object with ``type`` and ``path``), a mapping of its fields, a
            path, the
            name of a notebook variable, or a table in memory (pandas, polars, Arrow or anything alike).

        Returns
        -------
        Input

        Raises
        ------
        SpecError
            When the value is none of these, or a path in the cloud.
        """
        if isinstance(value, Input):
            return value
        if isinstance(value, str) and value:
            return cls(name=str(value)) if value.isidentifier() else cls(path=value)
        if isinstance(value, PathLike):
            return cls(path=fspath(value))
        if isinstance(value, Mapping) and value:
            return cls(**{str(k): v for k, v in value.items()})
        if is_table(value):
            found = cls(type="frame")
            found._frame = value
            return found
        if isinstance(getattr(value, "path", None), str):
            return cls(type=getattr(value, "type", None), path=getattr(value, "path"))  # noqa: B009 value is any object
        raise RefusedError(f"{shown(value)} is not a table; use the name of a variable, a table, or a path.")

    @property
    def frame(self) -> Any:
        """The table in memory when Python code gave one, else None."""
        return self._frame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Input) and self.model_dump() == other.model_dump() and self._frame is other._frame

    def __hash__(self) -> int:
        return hash((self.type, self.path, self.name, id(self._frame)))

    def short(self) -> str | dict[str, Any]:
        """Return the shortest form that :meth:`of` reads back as the same input."""
        full = {k: v for k, v in self.model_dump().items() if v is not None}
        for only in ("name", "path"):
            if list(full) == [only] and full[only].isidentifier() == (only == "name"):
                return str(full[only])
        return full


TableInput = Annotated[
    Input, BeforeValidator(Input.of), Allowed("the name of a notebook variable, a table in memory, or a path")
]
JobInput = Input
