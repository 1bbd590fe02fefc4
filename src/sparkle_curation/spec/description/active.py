"""The description that this process works with, read once from ``conf/<environment>/dataset.yml``.

One process works with one description. It is the one that ``activate`` was called with; else the file that the
environment variable ``SPARKLE_DATASET`` names, which is how worker processes get it; else ``dataset.yml`` of the
environment ``KEDRO_ENV``, or of ``base``, in the project. It is read whole from that one file and never merged.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.description.dataset import Dataset
from sparkle_curation.spec.description.reading import FILE_NAME, read_description

_VARIABLE = "SPARKLE_DATASET"


def find_description(conf: Path, environment: str | None) -> Path:
    """The file that an environment works with: its own ``dataset.yml`` whole, else that of ``base``."""
    own = conf / (environment or "base") / FILE_NAME
    return own if own.is_file() else conf / "base" / FILE_NAME


def activate(path: Path) -> Dataset:
    """Work with this description, in this process and in those that it starts.

    Raises:
        DescriptionError: it is not right, or the process works with another one already.
    """
    path = path.resolve()
    wanted = read_description(path)
    os.environ[_VARIABLE] = str(path)
    if dataset() != wanted:
        raise DescriptionError(
            "This process works with another description of the dataset already",
            where=path,
            todo="start a process of its own for each environment",
        )
    return wanted


@cache
def dataset() -> Dataset:
    """The description that this process works with.

    Raises:
        DescriptionError: there is none, or it is not right.
    """
    if named := os.environ.get(_VARIABLE):
        return read_description(Path(named))
    project = Path(__file__).parents[4]
    places = [find_description(root / "conf", os.environ.get("KEDRO_ENV")) for root in (Path.cwd(), project)]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise DescriptionError(
            "There is no description of the dataset",
            where=places[0],
            todo=f"run from the project's folder, or set {_VARIABLE} to the path of a {FILE_NAME}",
        )
    return read_description(found)
