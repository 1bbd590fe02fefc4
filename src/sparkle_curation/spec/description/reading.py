"""The description of a dataset in a file, checked; what is wrong in it is told with its place."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sparkle_curation.errors import DescriptionError
from sparkle_curation.spec.description.dataset import Dataset

FORMAT = 1
"""Of the file; a newer one is refused."""

FILE_NAME = "dataset.yml"


def read_description(path: Path) -> Dataset:
    """The description in a file.

    Raises:
        DescriptionError: it is not there, is no YAML, or says something that cannot be.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise DescriptionError(
            "The description of the dataset cannot be read", where=path, got=error.strerror
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DescriptionError(
            "The description of the dataset is no YAML", where=path, got=str(error)
        ) from error
    if not isinstance(content, dict):
        raise DescriptionError(
            "The description of the dataset is empty", where=path, got=type(content).__name__
        )
    newer = content.get("format")
    if isinstance(newer, int) and newer > FORMAT:
        raise DescriptionError(
            "The description of the dataset has a newer format than this version reads",
            where=path,
            got=f"format: {newer}",
            allowed=f"format: {FORMAT} or older",
            todo="update sparkle-curation",
        )
    try:
        return Dataset.model_validate(content)
    except ValidationError as error:
        raise _description_error(path, error.errors()[0]) from None


def _description_error(path: Path, error: ErrorDetails) -> DescriptionError:
    place = ".".join(str(part) for part in error["loc"])
    where = f"{path}: {place}" if place else path
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        return DescriptionError(
            "The description of the dataset has a member that is unknown",
            where=where,
            got=error["loc"][-1],
            todo="correct its name, or remove it; the members are described in src/sparkle_curation/spec/description/",
        )
    if error["type"] == "missing":
        return DescriptionError("The description of the dataset lacks a member", where=where, todo="add it")
    return DescriptionError(
        "The description of the dataset cannot be right",
        where=where,
        got=error["input"] if place and not isinstance(error["input"], dict) else None,
        allowed=message,
        todo="correct it",
    )
