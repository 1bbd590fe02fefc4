"""A changed line makes again what it makes, by `kedro run` alone, and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from tests.conftest import Project
from tests.journeys.changed_code import Copy

from sparkle_curation.engine.caching.code_digest import own_index, reached
from sparkle_curation.engine.journal.journal import Journal
from sparkle_curation.media.probe.batch_probe import JOURNAL_SCHEMA

PIPELINES = "ingest,inspect,validate"
KEPT = ("02_intermediate", "03_primary", "08_reporting/validations", "08_reporting/data_docs")
REWRITTEN = ("quarantine.parquet", "score_audit.parquet", "frame_hashes.parquet", "sample_groups.parquet")
"""Small tables that every run writes."""

TABLES = {
    "annotations": ["ingest.csv.annotations"],
    "scores": ["ingest.jsonl.table", "ingest.csv.annotations"],
    "assets": ["ingest.assets.table"],
    "media": ["media.probe.inspection"],
    "grounding_boxes": ["media.bboxes.grounding_boxes"],
    "score_faults": ["scoring.audit.score_audit"],
    "rescored": ["scoring.tables"],
    "regrounded": ["grounding.tables"],
    "validations": ["expectations.checking", "expectations.columns.flat_frames"],
}
"""Table -> the modules that make it."""

DIGESTS = """
import json, sys
from pathlib import Path
from sparkle_curation.engine.caching import code_digest as digests

tables, groups = json.loads(sys.stdin.read())

def all_digests():
    for each in (digests._index, digests._facts_of):
        each.cache_clear()
    return {name: digests.code_digest(*roots) for name, roots in tables.items()}

def changed_by(modules, text):
    contents = {path: path.read_bytes() for path in map(digests.own_index().path, modules)}
    for path, content in contents.items():
        path.write_bytes(content + text)
    changed = [table for table, digest in all_digests().items() if digest != before[table]]
    for path, content in contents.items():
        path.write_bytes(content)
    return changed

before = all_digests()
every = [name for group in groups for name in group]
assert changed_by(every, b'\\n# A comment.\\n"A text that nobody takes."\\n') == []
print(json.dumps([changed_by(group, b"\\nCHANGED = 1\\n") for group in groups]))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the project, run once."""
    project = Copy.make(tmp_path_factory.mktemp("changed") / "project")
    project.kedro(f"{PIPELINES},filter")
    return project


@pytest.fixture
def copy(made: Copy, tmp_path: Path) -> Iterator[Copy]:
    """That project with its outputs; what a test changes there is undone after it."""
    shutil.copytree(made.root, tmp_path / "as_made")
    yield made
    shutil.rmtree(made.root)
    shutil.copytree(tmp_path / "as_made", made.root)


def kept(copy: Copy) -> dict[str, tuple[int, int]]:
    """Where the files are that a second run leaves as they are."""
    return {
        path: place
        for path, place in copy.places(*KEPT).items()
        if Path(path).name not in REWRITTEN and "validation_summary" not in path
    }


def test_every_module_that_a_table_is_made_of_changes_its_digest_and_no_other_does(tmp_path: Path) -> None:
    """Each module of the package is changed in a copy, and the tables that become stale are those that import it.

    Modules that no table imports are changed all at once, and none becomes stale.
    """
    index = own_index()
    tables = {name: [f"{index.package}.{root}" for root in roots] for name, roots in TABLES.items()}
    # Another reader of sources is another cache; the generator of the sample is no part of any table.
    left_out = (f"{index.package}.engine.caching.source_index", f"{index.package}.sample")
    modules = [name for name in sorted(index._paths) if not name.startswith(left_out)]
    made_of = {name: reached(index, roots)[0] for name, roots in tables.items()}
    used = [module for module in modules if any(module in found for found in made_of.values())]
    groups = [*([module] for module in used), [module for module in modules if module not in used]]
    expected = [[name for name, found in made_of.items() if module in found] for module, *_ in groups]
    made = Copy.make(tmp_path / "project")
    found = json.loads(made.run(sys.executable, "-c", DIGESTS, stdin=json.dumps([tables, groups])))
    assert found == expected
    assert {name for names in found for name in names} == set(TABLES)
    assert len(groups[-1]) > 50
    assert found[-1] == []


def test_a_second_run_and_changes_of_words_and_of_others_make_nothing_anew(copy: Copy) -> None:
    """The files stay where they are, with their times, after a docstring, a comment, and a module that is not theirs."""
    before = kept(copy)
    copy.edit("ingest/jsonl/table.py", "import numpy as np\n", "import numpy as np\n\n# A comment.\n")
    copy.edit(
        "ingest/jsonl/table.py",
        '"""A table read from its JSONL files, one a theme."""',
        '"""Other words."""',
    )
    copy.edit(
        "reports/lettering/text.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nX = 1\n",
    )
    assert "unchanged" in copy.kedro(PIPELINES)
    assert kept(copy) == before


def test_another_way_to_check_checks_everything_anew(copy: Copy) -> None:
    """Each report is written again, and no table."""
    before = kept(copy)
    copy.edit("expectations/checking.py", '_count": MAX_SHOWN', '_count": MAX_SHOWN - 1')
    copy.kedro("validate")
    after = kept(copy)
    reports = {path for path in before if "/validations/" in path}
    assert {path for path in before if before[path] != after.get(path)} >= reports
    assert not any(before[path] != after[path] for path in before if path.endswith(".parquet"))


def test_changed_lines_make_other_tables_as_they_say(copy: Copy) -> None:
    """Means become 0, boxes move, the media grow by a byte, every score breaks a rule; and nothing is probed again."""
    before = {
        name: pl.read_parquet(copy.path(f"02_intermediate/{name}.parquet")) for name in ("media", "assets")
    }
    boxes = pl.read_parquet(copy.path("02_intermediate/grounding_boxes.parquet"))
    assert pl.read_parquet(copy.path("03_primary/score_faults.parquet")).is_empty()
    assets = copy.places("02_intermediate/assets.parquet")
    copy.edit("ingest/jsonl/table.py", "[criterion.reduce(", "[0 * criterion.reduce(")
    copy.edit(
        "media/bboxes/sampled_frames.py",
        "then(0).when(is_known).then(index)",
        "then(0).when(is_known).then(index + 1)",
    )
    copy.edit(
        "media/probe/inspection.py",
        '.rename({"size": "size_bytes"})',
        '.rename({"size": "size_bytes"}).with_columns(pl.col("size_bytes") + 1)',
    )
    copy.edit("scoring/audit/score_audit.py", "_TOLERANCE = 1e-9", "_TOLERANCE = -100")
    log = copy.kedro(
        "ingest,inspect,filter", "allow_empty=true"
    )  # validating would find the means that are none, and stop
    scores = pl.read_parquet(copy.path("02_intermediate/scores/edited_video_scores.parquet"))
    assert scores["mean_o_score"].unique().to_list() == [0]
    moved = (
        pl.when(pl.col("sampled_frame_index") > 0)
        .then(pl.col("frame_index") + 1)
        .otherwise(pl.col("frame_index"))
    )
    found = pl.read_parquet(copy.path("02_intermediate/grounding_boxes.parquet"))
    assert_frame_equal(found, boxes.with_columns(moved.alias("frame_index")))
    media = pl.read_parquet(copy.path("02_intermediate/media.parquet"))
    assert_frame_equal(media, before["media"].with_columns(pl.col("size_bytes") + 1))
    assert "media: 0 assets probed, 795 known from before" in log
    faults = pl.read_parquet(copy.path("03_primary/score_faults.parquet"))
    assert faults["rule"].value_counts().rows() == [("above_geometric_mean", 120 + 105 + 4 * 90)]
    assert copy.places("02_intermediate/assets.parquet") == assets


def test_a_changed_probe_probes_anew_and_its_rows_stand_beside_the_old_ones(copy: Copy) -> None:
    """Until the journal is pruned, which says before what it would drop; what it keeps is not probed again."""
    journal = Journal(copy.path("journals/inspect.journal"), JOURNAL_SCHEMA)
    before = journal.read().num_rows
    copy.edit("media/mp4/probe.py", "fps=rate,", "fps=2 * rate,")
    rates = pl.read_parquet(copy.path("02_intermediate/media.parquet"))["fps"]
    assert "795 assets probed, 0 known from before" in copy.kedro("inspect")
    assert_frame_equal(
        pl.read_parquet(copy.path("02_intermediate/media.parquet")).select("fps"),
        pl.DataFrame({"fps": rates}).with_columns(pl.col("fps") * 2),
    )
    assert journal.read().num_rows == 2 * before
    assert f"{before} of {2 * before:,} rows" in copy.kedro("prune")
    assert journal.read().num_rows == 2 * before
    assert "bytes dropped" in copy.kedro("prune", "prune.is_dry=false")
    assert journal.read().num_rows == before
    copy.edit("media/mp4/probe.py", "fps=2 * rate,", "fps=(2) * rate,")
    assert "media: sources unchanged" in copy.kedro("inspect")


def test_a_score_changed_with_size_and_time_kept_is_read_once_its_content_is_known(
    project: Project, sample_release: Path, tmp_path: Path
) -> None:
    """A run trusts size and time; the manifest reads the text, and so does a run that is told not to trust them."""
    own = replace(project, release_root=Path(shutil.copytree(sample_release, tmp_path / "release")))

    def run(pipelines: str, **params: object) -> None:
        done = own.run_kedro("--pipelines", pipelines, params=params)
        assert done.returncode == 0, done.stderr

    run("manifest,ingest")
    table = own.table("edited_frame0_scores")
    path = own.release_root / "intermediate_data/time/edited_frame0_score.jsonl"
    before = pl.read_parquet(table)
    for digit, pipelines, params in (("1", "manifest,ingest", {}), ("2", "ingest", {"trust_mtime": False})):
        change_first_score(path, digit)
        run("ingest")
        assert_frame_equal(pl.read_parquet(table), before)
        run(pipelines, **params)
        after = pl.read_parquet(table)
        changed = before.filter(before["overall"].ne_missing(after["overall"]))
        assert changed["theme"].to_list() == ["time"]
        assert f"{after.filter(pl.col('id').is_in(changed['id'].implode()))['overall'].item()}"[2] == digit
        before = after


def change_first_score(path: Path, digit: str) -> None:
    """Put another digit behind the point of a file's first overall score; its size and time stay as they were."""
    facts = path.stat()
    text = path.read_text(encoding="utf-8")
    found = re.search(r'"overall": \d\.', text)
    assert found is not None
    path.write_text(f"{text[: found.end()]}{digit}{text[found.end() + 1 :]}", encoding="utf-8")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_size == facts.st_size
