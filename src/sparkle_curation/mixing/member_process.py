"""A member in a process of its own: one process works with one description, and each member has its own.

``python -m sparkle_curation.mixing.member_process FOLDER`` reads ``request.json`` there and writes the member's tables, or
``error.json``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from sparkle_curation import errors
from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.engine.io.json_text import read_json
from sparkle_curation.errors import SparkleError
from sparkle_curation.mixing.member_samples import MemberSamples, find_samples
from sparkle_curation.mixing.member_tables import VARIANT, read_tables
from sparkle_curation.variant.record import RECORD_NAME, read_record

_TABLES = ("samples", "clips", "media")
_AT_ONCE = 2
"""Each holds the tables of a whole dataset."""


@dataclass(frozen=True)
class MemberRequest:
    """What is asked of the process of a member.

    Attributes:
        name: of the member.
        data_root: its folder, absolute.
        description: its ``dataset.yml``, absolute.
        thresholds: those that are to be others than its own.
    """

    name: str
    data_root: str
    description: str
    thresholds: Mapping[str, float]


def read_members(requests: list[MemberRequest]) -> list[MemberSamples | SparkleError]:
    """What each member brings, in their order, or what it cannot go on with; two are read at once."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        return list(threads.map(_read_member, requests))


def _read_member(request: MemberRequest) -> MemberSamples | SparkleError:
    with TemporaryDirectory(prefix="mix_") as name:
        folder = Path(name)
        (folder / "request.json").write_text(json.dumps(asdict(request)), encoding="utf-8")
        command = [sys.executable, "-m", __name__, str(folder)]
        environment = {**os.environ, "SPARKLE_DATASET": request.description}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        error = folder / "error.json"
        if error.is_file():
            return _as_error(read_json(error.read_bytes()))
        if ended.returncode:
            return SparkleError(
                "The process that reads a member ended early",
                where=f"mix.members.{request.name}",
                got=f"exit status {ended.returncode}: {ended.stderr.strip()[-500:]}",
                todo="run again; where memory ran out, close what else runs",
            )
        tables = {name: pl.read_parquet(folder / f"{name}.parquet") for name in _TABLES}
        return MemberSamples(**tables, facts=read_json((folder / "facts.json").read_bytes()))


def _as_error(members: Mapping[str, str]) -> SparkleError:
    """The error as its own class has it."""
    kinds = {**vars(errors), FormatVersionError.__name__: FormatVersionError}
    told = {name: members[name] for name in ("where", "got", "allowed", "todo")}
    kind = kinds.get(members["kind"], SparkleError)
    return (
        kind(members["what"], **told)
        if kind is not errors.UndescribedError
        else SparkleError(members["what"], **told)
    )


def main(folder: Path) -> int:
    """Write what the member brings into the folder; 1 where that cannot be."""
    request = MemberRequest(**read_json((folder / "request.json").read_bytes()))
    root = Path(request.data_root)
    try:
        record = read_record(
            (root / VARIANT / RECORD_NAME).read_text("utf-8"), where=root / VARIANT / RECORD_NAME
        )
        found = find_samples(read_tables(root), record, root, request.thresholds, request.name)
    except SparkleError as error:
        told = {name: getattr(error, name) for name in ("what", "where", "got", "allowed", "todo")}
        members = {name: None if value is None else str(value) for name, value in told.items()}
        text = json.dumps({"kind": type(error).__name__, **members})
        (folder / "error.json").write_text(text, encoding="utf-8")
        return 1
    for name in _TABLES:
        getattr(found, name).write_parquet(folder / f"{name}.parquet")
    (folder / "facts.json").write_text(json.dumps(found.facts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
