"""Every asset is probed once, and again only when its file, the probe or the depth changes."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal
from tests.ingest.test_release_files import RangeHandler, serving

from sparkle_curation.engine.executors.processes import LocalExecutor
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.errors import ConservationError, ReleaseError
from sparkle_curation.ingest.assets.table import ingest_assets
from sparkle_curation.ingest.release_files import ReleaseFiles
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA, MEDIA_SCHEMA
from sparkle_curation.media.probe.counts import count_media
from sparkle_curation.media.probe.inspection import ProbeConfig, inspect_assets, media_stream, with_keys
from sparkle_curation.media.probe.probes import Depth
from sparkle_curation.spec.codes.media_faults import MediaFault
from sparkle_curation.spec.layout import ASSET_KINDS

KINDS = list(ASSET_KINDS)
TIME_TAR = "time_source_video_part00.tar"


@dataclass
class Counting:
    """An executor that notes the assets of each batch."""

    probed: list[str] = field(default_factory=list)

    def map_batches(self, function, batches):  # type: ignore[no-untyped-def]
        """As in this process."""
        for batch in batches:
            self.probed += [job.file for job in batch]
            yield function(batch)


def inspect_whole(*given: Any) -> pl.DataFrame:
    """The table of the media in one piece."""
    pieces = inspect_assets(*given).pieces()
    return pl.DataFrame(pl.from_arrow(pa.concat_tables([MEDIA_SCHEMA.empty_table(), *pieces])))


@dataclass
class Inspection:
    """A release of its own with its journal."""

    root: Path
    journal_path: Path

    @property
    def journal(self) -> Journal:
        """What was probed before."""
        return Journal(self.journal_path, JOURNAL_SCHEMA, retried_errors=["unreadable"])

    def assets(self) -> pl.DataFrame:
        """The assets as ingestion lists them now."""
        tables = ingest_assets(ReleaseFiles(str(self.root))).rows.batches()
        return pl.DataFrame(pl.from_arrow(pa.concat_tables(tables)))

    def run(
        self, assets: pl.DataFrame | None = None, kinds: list[str] = KINDS, depth: Depth = Depth.INDEX
    ) -> tuple[pl.DataFrame, list[str]]:
        """The media, and the files of the assets that were probed for them."""
        executor = Counting()
        media = inspect_whole(
            self.assets() if assets is None else assets,
            kinds,
            ReleaseFiles(str(self.root)),
            ProbeConfig(depth, executor, batch_size=7),
            self.journal,
        )
        return media, executor.probed


@pytest.fixture
def made(sample_release: Path, tmp_path: Path) -> Inspection:
    """One theme of the sample release, to be changed at will."""
    root = tmp_path / "release"
    for path in sample_release.rglob("*"):
        if path.is_file() and "time" in str(path.relative_to(sample_release)):
            target = root / path.relative_to(sample_release)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return Inspection(root, tmp_path / "journals" / "inspect.journal")


def test_the_media_are_the_assets_in_their_order(made: Inspection) -> None:
    """One row each, whole, with the columns that are described; processes change nothing."""
    assets = made.assets()
    media, probed = made.run()
    assert media.height == assets.height == len(probed) == 159
    assert_frame_equal(
        media.select("id", "theme", "kind", "container", "path", "size_bytes"),
        assets.drop("offset").rename({"size": "size_bytes"}),
    )
    assert media["error"].is_null().all()
    assert media.to_arrow().schema.names == MEDIA_SCHEMA.names
    made.journal_path.unlink()
    probing = ProbeConfig(Depth.INDEX, LocalExecutor(2, head_start_s=0), batch_size=10)
    again = inspect_whole(assets, KINDS, ReleaseFiles(str(made.root)), probing, made.journal)
    assert_frame_equal(again, media)


def test_assets_are_probed_by_file_and_offset(made: Inspection) -> None:
    """So that a tar is read once, from its start to its end."""
    _, probed = made.run(made.assets().sample(fraction=1, shuffle=True, seed=0))
    assert probed == sorted(probed)


def test_what_has_not_changed_is_not_probed_again(made: Inspection) -> None:
    """Not by the next run, and after a tar was touched its members alone."""
    first, _ = made.run()
    assert made.run()[1] == []
    tar = made.root / TIME_TAR
    os.utime(tar, ns=(1, 1))
    again, probed = made.run()
    assert set(probed) == {TIME_TAR}
    assert_frame_equal(again, first)


def test_a_file_that_was_replaced_is_probed_again(made: Inspection) -> None:
    """Loose assets have their own time and size."""
    made.run()
    path = min((made.root / "time" / "edited_video").iterdir())
    path.write_bytes(path.read_bytes()[:-1])
    media, probed = made.run()
    assert probed == [str(path.relative_to(made.root))]
    (row,) = media.filter(pl.col("error").is_not_null()).rows(named=True)
    assert (row["path"], row["error"]) == (probed[0], MediaFault.TRUNCATED)


def test_a_file_whose_noted_content_is_another_is_probed_again(made: Inspection, tmp_path: Path) -> None:
    """With the size and time that it had: what the manifest saw decides, of that file alone."""
    assets, facts = made.assets(), (made.root / TIME_TAR).stat()

    def keys(content: str) -> pl.Series:
        note: dict[str, object] = {"root": str(made.root), "path": TIME_TAR, "xxh3_128": content}
        note |= {"size_bytes": facts.st_size, "modified": str(facts.st_mtime_ns)}
        pl.DataFrame([note]).write_parquet(tmp_path / "noted.parquet")
        files = ReleaseFiles(str(made.root), contents=[tmp_path / "noted.parquet"])
        return with_keys(assets, files, Depth.INDEX)["key"]

    is_changed = keys("a") != keys("b")
    assert assets.filter(is_changed)["container"].unique().to_list() == [TIME_TAR]
    assert is_changed.sum() == assets.filter(pl.col("container") == TIME_TAR).height


def test_depths_and_kinds_stay_side_by_side(made: Inspection) -> None:
    """Hours of decoding are not lost to a run that looks at indexes alone, or at other kinds."""
    kinds = ["source_video", "source_video_mask"]
    deep, probed = made.run(kinds=kinds, depth=Depth.DECODE)
    assert len(probed) == deep.height
    assert deep["frames_hash"].count() == deep["content_hash"].count() == deep.height
    whole, probed = made.run()
    assert len(probed) == whole.height
    assert whole["frames_hash"].count() == 0
    again, probed = made.run(kinds=kinds, depth=Depth.DECODE)
    assert probed == []
    assert_frame_equal(again, deep)
    assert set(made.run(kinds=["edited_frame0"])[0]["kind"]) == {"edited_frame0"}


def test_the_journal_keeps_files_that_are_gone_until_it_is_pruned(made: Inspection) -> None:
    """What was probed may be wanted again, as when a disk is not mounted for a while; only pruning drops it."""
    made.run()
    before = made.journal.read().num_rows
    (made.root / TIME_TAR).unlink()
    os.utime(made.root / "time_edited_video_part00.tar", ns=(1, 1))
    media, probed = made.run()
    kept = before + len(probed)
    assert made.journal.read().num_rows == kept
    with made.journal as journal:
        dry, pruning = journal.prune(is_dry=True), journal.prune(is_dry=False)
    assert dry is not None
    assert pruning is not None
    assert dry[:3] == pruning[:3]
    assert pruning.rows - pruning.dropped_rows == made.journal.read().num_rows == media.height < before
    assert made.run()[1] == []


def test_another_release_is_another_release(made: Inspection, tmp_path: Path) -> None:
    """With the same names, sizes and times, another root is probed again."""
    made.run()
    shutil.copytree(made.root, tmp_path / "copy")
    media, probed = Inspection(tmp_path / "copy", made.journal_path).run()
    assert len(probed) == media.height


# ------------------------------------------------------------------ files that cannot be read
def test_a_file_that_is_gone_is_a_row(made: Inspection) -> None:
    """All members of a tar that was moved away since; it is looked at again once it is back."""
    assets = made.assets()
    (made.root / TIME_TAR).rename(made.root / "away")
    media, _ = made.run(assets)
    gone = media.filter(pl.col("container") == TIME_TAR)
    assert set(gone["error"]) == {MediaFault.MISSING}
    assert media.height == assets.height
    assert media["error"].count() == gone.height
    (made.root / "away").rename(made.root / TIME_TAR)
    media, probed = made.run(assets)
    assert set(probed) == {TIME_TAR}
    assert media["error"].count() == 0


def test_a_file_that_cannot_be_read_is_tried_again(made: Inspection) -> None:
    """A folder in its place stands for a bad disk: the row says so, and so does the next run's, which tries again."""
    assets = made.assets()
    path = min((made.root / "time" / "edited_video").iterdir())
    path.unlink()
    path.mkdir()
    for _ in range(2):
        media, probed = made.run(assets)
        assert str(path.relative_to(made.root)) in probed
        (row,) = media.filter(pl.col("error").is_not_null()).rows(named=True)
        assert row["error"] == MediaFault.UNREADABLE
        assert "directory" in row["error_detail"]


def test_media_of_which_none_can_be_read_stop_the_run(made: Inspection) -> None:
    """A server that is down makes no table of broken media; some files among others that can be read do."""
    assets = made.assets()
    loose = assets.filter(pl.col("container").is_null())
    for path in loose["path"]:
        (made.root / path).unlink()
        (made.root / path).mkdir()
    media, _ = made.run(assets)
    assert media["error"].count() == loose.height == 32
    many = pl.concat([loose, loose.with_columns(offset=pl.lit(1, pl.Int64))])
    with pytest.raises(ReleaseError, match=r"(?s)None of the media can be read.*release_root.*run again"):
        made.run(many)


def test_media_behind_a_server_are_what_they_are_on_a_disk(made: Inspection) -> None:
    """By byte ranges, from several processes."""
    expected, _ = made.run()
    with serving(made.root, RangeHandler) as url:
        files = ReleaseFiles(url)
        tables = ingest_assets(files).rows.batches()
        assets = pl.DataFrame(pl.from_arrow(pa.concat_tables(tables)))
        probing = ProbeConfig(Depth.INDEX, LocalExecutor(2, head_start_s=0), batch_size=40)
        found = inspect_whole(assets, KINDS, files, probing, made.journal)
    assert_frame_equal(found, expected)


# ------------------------------------------------------------------ the stream
def stream_of(
    made: Inspection,
    stored: str,
    kinds: list[str] = KINDS,
    depth: Depth = Depth.INDEX,
    assets: pl.DataFrame | None = None,
) -> tuple[str, int]:
    """The fingerprint of the stream, and how many assets a dataset probes by it: it draws no piece of what it has."""
    executor = Counting()
    assets = made.assets() if assets is None else assets
    fingerprints = {"assets": str(assets.hash_rows().sum()), "media": stored}
    probing = ProbeConfig(depth, executor, batch_size=50)
    stream = media_stream(
        ReleaseFiles(str(made.root)), assets.lazy(), kinds, fingerprints, probing, made.journal
    )
    assert stream.schema == MEDIA_SCHEMA
    if stream.fingerprint != stored:
        rows = sum(piece.num_rows for piece in stream.batches())
        assert rows == assets.filter(pl.col("kind").is_in(kinds)).height
    return stream.fingerprint, len(executor.probed)


def test_the_stream_of_an_unchanged_table_probes_nothing(made: Inspection) -> None:
    """Its fingerprint is that of the stored one; other kinds, another depth and other assets have others."""
    first, probed = stream_of(made, stored="")
    assert probed == 159
    made.journal_path.unlink()
    assert stream_of(made, stored=first) == (first, 0)
    assert stream_of(made, stored=first, kinds=list(reversed(KINDS))) == (first, 0)
    others = [
        stream_of(made, stored=first, kinds=["source_video"])[0],
        stream_of(made, stored=first, depth=Depth.HASH)[0],
    ]
    (made.root / TIME_TAR).unlink()
    others.append(stream_of(made, stored=first)[0])
    assert len({first, *others}) == 4


def test_a_table_with_unreadable_files_is_never_the_last_word(made: Inspection) -> None:
    """The next run tries them again, and once they can be read its table has the fingerprint of a whole one."""
    assets = made.assets()
    path = min((made.root / "time" / "edited_video").iterdir())
    content = path.read_bytes()
    path.unlink()
    path.mkdir()
    first, _ = stream_of(made, stored="", assets=assets)
    second, probed = stream_of(made, stored=first, assets=assets)
    assert (second, probed) == (first, 1)
    path.rmdir()
    path.write_bytes(content)
    third, probed = stream_of(made, stored=second, assets=assets)
    assert probed == 1
    assert third != second
    assert stream_of(made, stored=third, assets=assets) == (third, 0)


# ------------------------------------------------------------------ counts
def _frames(errors: list[str | None]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    count = len(errors)
    names = {"theme": ["time"] * count, "kind": ["source_video"] * count}
    schema = {"theme": pl.String, "kind": pl.String}
    return (
        pl.LazyFrame(names, schema=schema),
        pl.LazyFrame({**names, "error": errors}, schema={**schema, "error": pl.String}),
    )


def test_counts_are_of_whole_and_broken_assets_by_their_error() -> None:
    """One row per theme and kind, zeros where there is none of an error."""
    counts = count_media(*_frames([None, "truncated", None, "truncated", "empty"]), KINDS)
    (row,) = counts.rows(named=True)
    assert (row["asset_count"], row["whole_count"], row["broken_count"]) == (5, 2, 3)
    assert (row["truncated"], row["empty"], row["not_mp4"]) == (2, 1, 0)
    assert counts.columns == ["theme", "kind", "asset_count", "whole_count", "broken_count", *MediaFault]


def test_counts_of_nothing_are_empty() -> None:
    """A release of CSVs alone has no media."""
    assert count_media(*_frames([]), KINDS).height == 0


def test_counts_are_in_the_order_of_the_card() -> None:
    """Themes, then kinds, whatever the order of the rows."""
    rows = {
        "theme": ["openve3m", "time", "location", "time"],
        "kind": ["source_video", "edited_video", "source_video", "source_video"],
    }
    assets = pl.LazyFrame(rows)
    counts = count_media(assets, assets.with_columns(pl.lit(None, pl.String).alias("error")), KINDS)
    assert counts.select("theme", "kind").rows() == [
        ("location", "source_video"),
        ("time", "source_video"),
        ("time", "edited_video"),
        ("openve3m", "source_video"),
    ]


@pytest.mark.parametrize("rows", [0, 2, 4])
def test_a_row_too_few_or_too_many_stops_the_run(rows: int) -> None:
    """Nothing is lost, and nothing made up."""
    assets, _ = _frames([None] * 3)
    _, media = _frames([None] * rows)
    with pytest.raises(ConservationError, match="theme time, kind source_video"):
        count_media(assets, media, KINDS)


def test_an_unknown_error_stops_the_run() -> None:
    """Each broken asset is counted under its code."""
    with pytest.raises(ConservationError):
        count_media(*_frames(["an error that is not described"]), KINDS)
