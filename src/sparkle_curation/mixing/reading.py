"""What members bring, each read in a process of its own, two at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from sparkle_curation.errors import SparkleError
from sparkle_curation.mixing.member_samples import MemberSamples, find_samples
from sparkle_curation.mixing.member_tables import VARIANT, read_tables
from sparkle_curation.mixing.members import FoundMember, curate_command
from sparkle_curation.mixing.own_process import do_in_process
from sparkle_curation.variant.record import RECORD_NAME, read_record

_TABLES = ("samples", "clips", "media")
_AT_ONCE = 2
"""Each process holds the tables of a whole dataset."""


def read_members(members: Sequence[FoundMember]) -> dict[str, MemberSamples]:
    """What each member brings, by name.

    Raises:
        SparkleError: a member cannot be read: its tables are of another version, or lack what its thresholds ask for.
    """
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        found = threads.map(_read_member, members)
        return dict(zip((each.name for each in members), found, strict=True))


def _read_member(member: FoundMember) -> MemberSamples:
    with TemporaryDirectory(prefix="mix_") as name:
        folder = Path(name)
        request = {
            "name": member.name,
            "data_root": str(member.data_root),
            "thresholds": member.params.thresholds,
        }
        try:
            facts = do_in_process("read", member.name, str(member.path), folder, request)
        except SparkleError as error:
            raise _of_member(error, member) from None
        return MemberSamples(
            **{name: pl.read_parquet(folder / f"{name}.parquet") for name in _TABLES}, facts=facts
        )


def _of_member(error: SparkleError, member: FoundMember) -> SparkleError:
    """The error, with the command that mends the member in its own data root."""
    if error.todo is not None and "kedro run" not in error.todo:
        return error
    return type(error)(
        f"The member {member.name} cannot be read. {error.what}",
        where=error.where,
        got=error.got,
        allowed=error.allowed,
        todo=curate_command(member.data_root, member.env, member.release_root),
    )


def read_here(request: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Write what the member brings into the folder, in a process that works with its description.

    Args:
        request: ``name``, ``data_root``, ``thresholds``.
        folder: for the tables.
    """
    root = Path(request["data_root"])
    where = root / VARIANT / RECORD_NAME
    record = read_record(where.read_text("utf-8"), where=where)
    found = find_samples(read_tables(root), record, root, request["thresholds"], request["name"])
    for name in _TABLES:
        getattr(found, name).write_parquet(folder / f"{name}.parquet")
    return found.facts
