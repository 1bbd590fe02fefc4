"""Which outputs a run would make anew, and which it would not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sparkle_curation.datasets.tables.table_dataset import FINGERPRINT_KEY, WRITER_KEY
from sparkle_curation.doctor import outputs
from sparkle_curation.doctor.finding import Finding, State
from sparkle_curation.doctor.outputs import check_outputs
from sparkle_curation.doctor.setup import Setup

SetupOf = Callable[..., Setup]
ANNOTATIONS, MEDIA, BOXES = (
    Path("02_intermediate") / f"{name}.parquet" / "time.parquet"
    for name in ("annotations", "media", "grounding_boxes")
)
"""A file of each of these tables, which are folders."""


def with_footer(path: Path, key: bytes, value: bytes) -> None:
    """Give a Parquet file another value in its footer; its rows and times stay."""
    before = path.stat()
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), key: value}), path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def found_in(setup: Setup) -> dict[str, Finding]:
    """What is found of the outputs, by subject."""
    return {each.subject: each for each in check_outputs(setup)}


def test_outputs_that_were_just_made_are_not_stale(setup_of: SetupOf, data_root: Path) -> None:
    """Neither is a copy of them."""
    (found,) = check_outputs(setup_of(data_root=data_root))
    assert found.state == State.OK
    assert found.found.endswith("none known to be stale")


def test_reports_of_tables_that_were_written_again_alike_are_not_stale(
    setup_of: SetupOf, data_root: Path
) -> None:
    """A validation is known by what its tables hold, as after a second run that changed nothing."""
    (data_root / "02_intermediate" / "quarantine.parquet").touch()
    assert "outputs of validate" not in found_in(setup_of(data_root=data_root))


def test_a_data_root_without_outputs_is_told(setup_of: SetupOf) -> None:
    """With the command that makes them."""
    assert list(check_outputs(setup_of())) == [
        Finding("outputs", State.OK, "none yet", "kedro run --pipelines curate")
    ]


@pytest.mark.parametrize("path", [ANNOTATIONS, MEDIA, BOXES])
def test_a_table_of_another_fingerprint_is_named_with_its_pipeline(
    path: Path, setup_of: SetupOf, data_root: Path
) -> None:
    """Whether it is made of the release, of another table and the media, or of other tables."""
    with_footer(data_root / path, FINGERPRINT_KEY, b"0" * 64)
    found = found_in(setup_of(data_root=data_root))
    pipeline = "ingest" if path == ANNOTATIONS else "inspect"
    told = found[f"outputs of {pipeline}"]
    assert told.state == State.WARNING
    tables, _, reason = told.found.partition(": ")
    assert path.parent.stem in tables.split(", ")
    assert reason.startswith("other code, settings or release root made it")
    assert told.todo == f"kedro run --pipelines {pipeline}"


def test_a_table_that_other_code_wrote_is_named(setup_of: SetupOf, data_root: Path) -> None:
    """The digest of the writer is another one."""
    with_footer(data_root / MEDIA, WRITER_KEY, b"0" * 32)
    assert (
        "media: written by other code" in found_in(setup_of(data_root=data_root))["outputs of inspect"].found
    )


def test_a_table_with_many_bytes_behind_it_is_not_hashed(
    setup_of: SetupOf, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then nothing is claimed of it."""
    with_footer(data_root / MEDIA, FINGERPRINT_KEY, b"0" * 64)
    monkeypatch.setattr(outputs, "MOST_HASHED_BYTES", 1)
    found = found_in(setup_of(data_root=data_root))
    assert "media: other code" not in found.get("outputs of inspect", Finding("", State.OK, "")).found


def test_a_source_that_changed_is_named(
    setup_of: SetupOf, sample_release: Path, data_root: Path, tmp_path: Path
) -> None:
    """For the annotations, and for the records whose prompts are compared with theirs; not for the assets."""
    release = Path(shutil.copytree(sample_release, tmp_path / "release"))
    with (release / "prompts" / "time_train.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    told = found_in(setup_of(data_root=data_root, release_root=release))["outputs of ingest"].found
    first, _, rest = told.partition(": prompts/time_train.csv changed")
    assert {"annotations", "grounding_r1"} <= set(first.split(", "))
    assert "assets: other code" in rest


def test_an_output_older_than_what_it_is_made_of_is_named(setup_of: SetupOf, data_root: Path) -> None:
    """As after a run of the pipeline before alone."""
    os.utime(data_root / "08_reporting" / "media_counts.csv", (1, 1))
    told = found_in(setup_of(data_root=data_root))["outputs of inspect"].found
    assert told == "media_counts: older than assets, media"


def test_a_variant_of_another_release_than_the_tables_is_named(setup_of: SetupOf, data_root: Path) -> None:
    """As after a run on another release that failed before the variant; nothing then is called fresh."""
    record = data_root / "05_model_input" / "kiwi_edit" / "variant.json"
    now = json.loads(record.read_text(encoding="utf-8"))["data"]["digest"]
    record.write_text(record.read_text(encoding="utf-8").replace(now, "0" * 32), encoding="utf-8")
    found = found_in(setup_of(data_root=data_root))
    assert found["variant"].state == State.WARNING
    assert f"of data version {'0' * 32}, these of {now}" in found["variant"].found
    assert "outputs" not in found


def test_a_torn_table_is_named(setup_of: SetupOf, data_root: Path) -> None:
    """The next run replaces it."""
    (data_root / ANNOTATIONS).write_bytes(b"PAR1 torn")
    told = found_in(setup_of(data_root=data_root))
    assert "annotations: no whole Parquet file" in told["outputs of ingest"].found


def test_what_was_deleted_is_told_so(setup_of: SetupOf, data_root: Path) -> None:
    """A table, a file of one, and those of a node of which all are gone, but others that read them are there."""
    shutil.rmtree(data_root / MEDIA.parent)
    (data_root / ANNOTATIONS).unlink()
    (data_root / "08_reporting" / "funnel.csv").unlink()
    told = found_in(setup_of(data_root=data_root))
    assert "annotations: no file time.parquet any more" in told["outputs of ingest"].found
    assert "media: deleted" in told["outputs of inspect"].found
    assert "funnel: deleted" in told["outputs of filter"].found
    assert not any("other code" in each.found for each in told.values())


def test_pipelines_are_told_in_the_order_of_running_them(setup_of: SetupOf, data_root: Path) -> None:
    """Each behind those that make what it reads."""
    shutil.rmtree(data_root / "02_intermediate")
    shutil.rmtree(data_root / "03_primary")
    shutil.rmtree(data_root / "08_reporting" / "validations")
    assert list(found_in(setup_of(data_root=data_root))) == [
        "outputs of ingest", "outputs of inspect", "outputs of validate", "outputs of filter",
    ]  # fmt: skip
    names = list(setup_of().pipelines)
    assert names.index("filter") > names.index("near_duplicates") > names.index("inspect")


def test_nothing_is_written(setup_of: SetupOf, data_root: Path) -> None:
    """Each file keeps its bytes and time."""

    def state() -> dict[Path, tuple[int, int]]:
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in data_root.rglob("*")}

    before = state()
    with_old = setup_of(data_root=data_root)
    list(check_outputs(with_old))
    assert state() == before
