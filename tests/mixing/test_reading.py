"""A member in a process of its own: its errors are those of the run, with the command that mends the member."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conftest import CHECKOUT

from sparkle_curation.engine.io.format_version import FormatVersionError
from sparkle_curation.errors import DescriptionError, SparkleError
from sparkle_curation.mixing.members import FoundMember
from sparkle_curation.mixing.own_process import do_in_process
from sparkle_curation.mixing.params import Member
from sparkle_curation.mixing.reading import read_members
from sparkle_curation.spec.description.reading import read_description

DESCRIPTION = CHECKOUT / "conf" / "base" / "dataset.yml"


def test_a_member_of_a_newer_version_is_told_as_such(tmp_path: Path) -> None:
    """Its own class of error, the file, and how the member is curated again where it lies."""
    root = tmp_path / "dätä & co"
    record = root / "05_model_input" / "kiwi_edit" / "variant.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"format_version": 99, "dataset": "sparkle"}), "utf-8")
    description = read_description(DESCRIPTION)
    params = Member(data_root=str(root))
    member = FoundMember("m", params, root, "/releases/s", "base", DESCRIPTION, description)
    with pytest.raises(FormatVersionError, match=r"(?s)member m cannot be read.*version 99") as error:
        read_members([member])
    assert str(error.value.where) == str(record)
    assert error.value.todo == (
        "kedro run --pipelines curate,near_duplicates --env base "
        f"--params 'data_root={root},release_root=/releases/s'"
    )


def test_a_process_that_cannot_begin_is_told(tmp_path: Path) -> None:
    """A description that is gone, or a job that ends without an answer."""
    request = {"name": "m", "data_root": str(tmp_path), "thresholds": {}}
    with pytest.raises((DescriptionError, SparkleError), match=r"description|ended early"):
        do_in_process("read", "m", str(tmp_path / "gone.yml"), tmp_path, request)
