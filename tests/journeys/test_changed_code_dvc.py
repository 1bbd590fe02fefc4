"""A changed line makes again what it makes by `dvc repro`, which then says that the new code made it."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from tests.journeys.changed_code import Copy

pytestmark = pytest.mark.slow


def repro(copy: Copy) -> list[str]:
    """The stages that a rebuild runs."""
    return re.findall(r"^Running stage '(\w+)'", copy.run("dvc", "repro"), re.MULTILINE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the project in a repository of its own, built once."""
    copy = Copy.make(tmp_path_factory.mktemp("dvc") / "project")
    copy.run("git", "init", "--quiet")
    (copy.root / "data/07_model_output").mkdir()
    copy.path("07_model_output/.gitkeep").touch()
    (copy.root / ".gitignore").write_text("/data\n/cache\n", encoding="utf-8")
    assert repro(copy) == [
        "manifest",
        "ingest",
        "inspect",
        "near_duplicates",
        "validate",
        "curate",
        "training_kit",
        "plots_page",
    ]
    return copy


def test_words_and_unrelated_code_run_no_stage(built: Copy) -> None:
    """A docstring, a comment, and the code of a pipeline that is no stage: only the look at the release is taken."""
    built.edit(
        "ingest/jsonl/table.py", '"""A table read from its JSONL files, one a theme."""', '"""Words."""'
    )
    built.edit(
        "reports/lettering/text.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nX = 1\n",
    )
    before = built.places("02_intermediate", "03_primary")
    assert repro(built) == ["manifest"]
    after = built.places("02_intermediate", "03_primary")
    assert {path for path in before if before[path] != after[path]} <= {
        f"data/02_intermediate/{name}"
        for name in (
            "code_digests.json",
            "text_manifest.csv",
            "media_manifest.csv",
            "text_contents.parquet",
            "media_contents.parquet",
        )
    }


def test_a_changed_line_of_each_stage_is_in_its_output(built: Copy) -> None:
    """One line a stage; the table that was kept by content is rebuilt, as it was not while constants were raised."""
    rates = read(built, "02_intermediate/media.parquet")["fps"]
    built.edit("ingest/jsonl/table.py", "[criterion.reduce(", "[0.5 + 0 * criterion.reduce(")
    built.edit("media/mp4/probe.py", "fps=rate,", "fps=2 * rate,")
    built.edit("media/hashing/perceptual_hash.py", "is_strong = coefficients >", "is_strong = coefficients <")
    built.edit("expectations/checking.py", '_count": MAX_SHOWN', '_count": MAX_SHOWN - 1')
    built.edit("scoring/audit/score_audit.py", "_TOLERANCE = 1e-9", "_TOLERANCE = -100")
    built.edit("reports/plots_page.py", "<title>sparkle-curation: plots</title>", "<title>Plots</title>")
    parameters = built.root / "conf/base/validate/parameters.yml"
    text = parameters.read_text(encoding="utf-8")
    parameters.write_text(
        re.sub(r"derived_value: critical", "derived_value: warning", text), encoding="utf-8"
    )
    parameters = built.root / "conf/base/curate/parameters.yml"  # a mean of 0.5 passes no threshold
    text = parameters.read_text(encoding="utf-8")
    parameters.write_text(text.replace("allow_empty: false", "allow_empty: true"), encoding="utf-8")
    hashes = read(built, "02_intermediate/frame_hashes.parquet")["frame_hash"]
    reports = built.places("08_reporting/validations")
    assert repro(built) == [
        "manifest",
        "ingest",
        "inspect",
        "near_duplicates",
        "validate",
        "curate",
        "training_kit",
        "plots_page",
    ]
    scores = read(built, "02_intermediate/scores/edited_video_scores.parquet")["mean_o_score"]
    assert set(scores) == {0.5}
    assert read(built, "02_intermediate/media.parquet")["fps"].equals(rates * 2)
    assert not (read(built, "02_intermediate/frame_hashes.parquet")["frame_hash"] == hashes).any()
    assert all(place != reports[path] for path, place in built.places("08_reporting/validations").items())
    assert set(read(built, "03_primary/score_faults.parquet")["rule"]) == {"above_geometric_mean"}
    assert "<title>Plots</title>" in built.path("08_reporting/plots_page.html").read_text(encoding="utf-8")
    assert repro(built) == ["manifest"]


def read(copy: Copy, path: str) -> pl.DataFrame:
    """A table of the copy."""
    return pl.read_parquet(Path(copy.path(path)))
