"""Variants as versions: a clone is rebuilt by DVC, another threshold is an experiment, and the two are compared.

A changed line makes again what it makes, which then says that the new code made it.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from tests.browser import shown
from tests.conftest import CHECKOUT
from tests.journeys.changed_code import Copy
from tests.made import forked_kedro

from sparkle_curation.spec.tables.ingested import COLUMNS

pytestmark = pytest.mark.slow

THRESHOLD = "conf/base/curate/parameters.yml:threshold"
ROOT = "conf/base/globals.yml:release_root"
METRICS = "data/08_reporting/version/metrics.json"
TABLE = "edited_frame0_scores"
STAGES = [
    "manifest",
    "ingest",
    "inspect",
    "near_duplicates",
    "bench_ingest",
    "validate",
    "curate",
    "training_kit",
    "plots_page",
]


@dataclass(frozen=True)
class Clone:
    """A clone of the project with a git identity of its own, and the commands in it.

    Attributes:
        root: its folder.
        programs: a folder of programs that go before those of the environment, if any.
    """

    root: Path
    programs: Path | None = None

    def run(self, *command: str, is_failing: bool = False) -> str:
        """What a command prints, with this environment's programs and the code that Kedro finds in the clone."""
        folders = [*([self.programs] if self.programs else []), Path(sys.executable).parent]
        programs = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        quiet = {
            "DO_NOT_TRACK": "1",
            "DVC_NO_ANALYTICS": "1",
            "COLUMNS": "200",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            command,
            cwd=self.root,
            env=inherited | quiet | {"PATH": programs},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert (done.returncode != 0) == is_failing, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def stages_run(self, *command: str) -> list[str]:
        """The stages that a ``dvc`` command ran, without those that it found unchanged."""
        return stages_of(self.run("dvc", *command))

    def commit(self, message: str) -> None:
        """Keep what git does not ignore."""
        self.run("git", "add", "--all")
        self.run("git", "commit", "--quiet", "--message", message)

    def back_to_head(self) -> None:
        """The files of git and of DVC as they were committed."""
        self.run("git", "checkout", "--quiet", "--", ".")
        self.run("dvc", "checkout", "--quiet")

    def exported(self) -> Counter[str]:
        """Exported samples by theme, counted in the training CSVs by the csv module."""
        counts: Counter[str] = Counter()
        for path in self.path("data/05_model_input/kiwi_edit/prompts").glob("*_train.csv"):
            counts[path.name.removesuffix("_train.csv")] = len(read_csv(path))
        return counts

    def path(self, path: str) -> Path:
        """A file of the clone."""
        return self.root / path


def stages_of(text: str) -> list[str]:
    """The stages that DVC says it ran."""
    return re.findall(r"^Running stage '(\w+)'", text, re.MULTILINE)


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def make_clone(source: Path, root: Path) -> Clone:
    """A clone of what is committed."""
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(source), str(root)], check=True)
    clone = Clone(root)
    clone.run("git", "config", "user.email", "tester@example.org")
    clone.run("git", "config", "user.name", "Tester")
    return clone


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone of the project in an empty folder, built by ``dvc repro`` and committed.

    Its stages are forked from a process that has imported its code; those in other folders, and of other code, are not.
    """
    folder = tmp_path_factory.mktemp("versions")
    clone = make_clone(CHECKOUT, folder / "clone")
    clone = replace(clone, programs=forked_kedro.program(clone.root, folder / "programs"))
    assert clone.stages_run("repro") == STAGES
    clone.commit("The variant by the published thresholds")
    return clone


def test_a_second_rebuild_does_nothing(built: Clone) -> None:
    """It looks at the release, finds it as it was, and changes no file."""
    assert built.stages_run("repro") == ["manifest"]
    assert built.run("git", "status", "--porcelain") == ""


def test_another_threshold_is_an_experiment_and_what_it_costs_is_reported(
    built: Clone, tmp_path: Path
) -> None:
    """Only filtering runs; summary, metrics, parameters, plots and the difference agree with a count by hand."""
    before = built.exported()
    log = built.run("dvc", "exp", "run", "--name", "strict", "-S", f"{THRESHOLD}=8.5")
    assert stages_of(log) == ["manifest", "curate", "training_kit"]
    after = built.exported()
    went = before.total() - after.total()
    assert f"{after.total()} pairs; against the variant before 0 came and {went} went" in log
    assert 0 < after.total() < before.total()
    changes = {theme: after[theme] - before[theme] for theme in before}
    _check_metrics(built, changes)
    _check_diff(built, changes)
    (params,) = json.loads(built.run("dvc", "params", "diff", "--json", "HEAD")).values()
    assert params == {"threshold": {"old": None, "new": 8.5}}
    _check_plots(built, tmp_path)
    built.back_to_head()
    assert built.exported() == before


def _check_metrics(built: Clone, changes: dict[str, int]) -> None:
    """DVC's difference of the metrics is that of the CSVs, between HEAD and both the workspace and the experiment."""
    for other in ([], ["strict"]):
        metrics = json.loads(built.run("dvc", "metrics", "diff", "--json", "HEAD", *other))[METRICS]
        found = {theme: metrics.get(theme, {}).get("diff", 0) for theme in changes}
        assert found == changes
        assert metrics["exported"]["diff"] == sum(changes.values())


def _check_diff(built: Clone, changes: dict[str, int]) -> None:
    """The project's own difference of the two names as many removed samples of each theme as the CSVs lack."""
    built.run("kedro", "run", "--pipelines", "diff", "--params", "base=HEAD,other=strict")
    found: Counter[str] = Counter()
    for row in read_csv(built.path("data/08_reporting/variant_diff_counts.csv")):
        assert row["change"] == "removed"
        found[row["theme"]] -= int(row["sample_count"])
    assert found == changes


def _check_plots(built: Clone, scratch: Path) -> None:
    """All three plots are drawn for both versions, by a browser that reaches no network."""
    built.run("dvc", "plots", "diff", "HEAD", "strict", "--out", str(scratch / "plots"))
    page = shown(scratch / "plots" / "index.html", scratch)
    for title in ("Samples that pass each stage", "Scores by stage and theme", "at one threshold"):
        assert title in page
    bars = re.findall(r'aria-label="([^"]*)"[^>]*aria-roledescription="bar" d="([^"]*)"', page)
    csvs = ("funnel", "score_histograms")
    assert len(bars) == 2 * sum(
        len(read_csv(built.path(f"data/08_reporting/version/{name}.csv"))) for name in csvs
    )
    # width and height of a bar, as its outline goes: M x,y h width v height ...
    sides = [re.fullmatch(r"M[^h]*h([\d.e-]+)v([\d.e-]+)h.*", outline) for _, outline in bars]
    assert all(side and float(side[1]) > 0 and float(side[2]) > 0 for side in sides)
    assert {re.search(r"version: (\w+)", label)[1] for label, _ in bars} == {"HEAD", "strict"}
    assert page.count('aria-roledescription="line mark"') == 2 * 4 * 6


def test_a_changed_score_file_rebuilds_what_hangs_on_it(built: Clone) -> None:
    """One theme of one table is read and changes, with what is known of its source; the changed sample is not exported."""
    tables = built.path("data/02_intermediate")
    not_tables = {"quarantined", "source_files"}
    paths = (path.relative_to(tables) for path in tables.rglob("*.parquet") if path.is_file())
    before = {
        path.as_posix(): (tables / path).read_bytes() for path in paths if path.parts[0] not in not_tables
    }
    exported = built.exported()
    sample = read_csv(built.path("data/05_model_input/kiwi_edit/prompts/time_train.csv"))[0]["task"]
    release = built.path("data/01_raw/sparkle_sample/intermediate_data/time")
    lower_score(release / "edited_frame0_score.jsonl", sample)
    log = built.run("dvc", "repro")
    assert stages_of(log) == ["manifest", "ingest", "bench_ingest", "validate", "curate", "training_kit"]
    assert set(re.findall(r"(\w+): sources unchanged, not read again", log)) == set(COLUMNS) - {TABLE}
    changed = {name for name in before if tables.joinpath(name).read_bytes() != before[name]}
    assert changed == {f"scores/{TABLE}.parquet/time.parquet", "text_contents.parquet"}
    assert built.exported() == exported - Counter({"time": 1})
    built.back_to_head()


def lower_score(path: Path, sample: str) -> None:
    """Give a sample a score in a JSONL file that no threshold of ours lets pass."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for record in records:
        if sample in record.values():
            record["editscore"]["overall"] = 1.0
    lines = (json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_rebuild_does_not_leave_nothing(built: Clone) -> None:
    """A root inside the release, a theme whose files are gone, thresholds that no sample passes: each ends `dvc repro`.

    The variant stays, except where DVC itself has cleared it away for its stage; then no empty one takes its place.
    """
    variant = built.path("data/05_model_input/kiwi_edit/prompts")
    before = {path.name: path.read_bytes() for path in variant.iterdir()}
    settings, release = built.path("conf/base/globals.yml"), built.path("data/01_raw/sparkle_sample")
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("sparkle_sample", "sparkle_sample/prompts"), encoding="utf-8")
    log = built.run("dvc", "repro", is_failing=True)
    assert stages_of(log) == ["manifest"]
    assert f"the release seems to be in {release}: --params release_root={release}" in log
    settings.write_text(text, encoding="utf-8")
    for path in [
        *release.glob("prompts/style_*"),
        *release.glob("**/style/*.jsonl"),
        *release.glob("**/style_*.tar"),
    ]:
        path.unlink()
    log = built.run("dvc", "repro", is_failing=True)
    assert stages_of(log) == ["manifest", "ingest"]
    assert "annotations of style (was prompts/style_train.csv)" in log
    assert {path.name: path.read_bytes() for path in variant.iterdir()} == before
    built.run("git", "checkout", "--quiet", "--", ".")
    log = built.run("dvc", "exp", "run", "-S", f"{THRESHOLD}=10", is_failing=True)
    assert "The thresholds reject every sample" in log
    assert not variant.exists()
    built.back_to_head()
    assert {path.name: path.read_bytes() for path in variant.iterdir()} == before


def test_several_thresholds_are_queued(built: Clone) -> None:
    """Each is filtered in a folder of its own, and nothing else is done again there; the workspace stays as it is."""
    before = built.exported()
    built.run("dvc", "exp", "run", "--queue", "-S", f"{THRESHOLD}=7.0,9.0")
    log = built.run("dvc", "exp", "run", "--run-all", "--jobs", "1")
    assert stages_of(log) == ["manifest", "curate", "training_kit"] * 2
    table = csv.DictReader(built.run("dvc", "exp", "show", "--csv").splitlines())
    exported = {row["threshold"]: int(float(row["exported"])) for row in table if row["Experiment"]}
    assert exported["7.0"] > before.total() > exported["9.0"] > 0
    assert built.exported() == before
    assert built.run("git", "status", "--porcelain") == ""


def test_another_machine_pulls_and_has_nothing_to_do(built: Clone, tmp_path: Path) -> None:
    """A clone has other times, and its release may lie elsewhere: with the same content it is the same version."""
    built.run("dvc", "remote", "add", "--default", "shelf", str(tmp_path / "shelf"))
    built.run("dvc", "push", "--quiet")
    built.commit("A remote")
    other = make_clone(built.root, tmp_path / "other")
    other.run("dvc", "pull", "--quiet")
    assert other.exported() == built.exported()
    assert other.stages_run("repro") == ["manifest"]
    assert other.run("git", "status", "--porcelain") == ""
    elsewhere = shutil.copytree(
        other.path("data/01_raw/sparkle_sample"), tmp_path / "Sparkle", copy_function=shutil.copy
    )
    assert other.stages_run("exp", "run", "-S", f"{ROOT}={elsewhere}") == ["manifest"]
    other.path("conf/local/globals.yml").write_text("release_root: /nowhere\n", encoding="utf-8")
    assert "conf/local has a setting that a version would need" in other.run("dvc", "repro", is_failing=True)


# ------------------------------------------------------------------ changed code
@pytest.fixture(scope="module")
def changed(built: Clone, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The built clone, in a folder of its own whose code may be changed."""
    root = tmp_path_factory.mktemp("changed") / "clone"
    return Copy(Path(shutil.copytree(built.root, root, symlinks=True)))


def repro(copy: Copy) -> list[str]:
    """The stages that a rebuild runs."""
    return stages_of(copy.run("dvc", "repro"))


def test_words_and_unrelated_code_run_no_stage(changed: Copy) -> None:
    """A docstring, a comment, and the code of a pipeline that is no stage: only the look at the release is taken."""
    changed.edit(
        "ingest/jsonl/table.py", '"""A table read from its JSONL files, one a theme."""', '"""Words."""'
    )
    changed.edit(
        "reports/sheet/page.py",
        "from __future__ import annotations\n",
        "from __future__ import annotations\n\nX = 1\n",
    )
    before = changed.places("02_intermediate", "03_primary")
    assert repro(changed) == ["manifest"]
    after = changed.places("02_intermediate", "03_primary")
    assert {path for path in before if before[path] != after[path]} <= {
        f"data/02_intermediate/{name}"
        for name in (
            "code_digests.json",
            "text_manifest.csv",
            "media_manifest.csv",
            "bench_manifest.csv",
            "text_contents.parquet",
            "media_contents.parquet",
        )
    }


def test_a_changed_line_of_each_stage_is_in_its_output(changed: Copy, tmp_path: Path) -> None:
    """One line a stage; the table that was kept by content is rebuilt, as it was not while constants were raised.

    The stages are forked from a process that imports the code as it then is.
    """
    rates = read(changed, "02_intermediate/media.parquet")["fps"]
    changed.edit("ingest/jsonl/table.py", "[criterion.reduce(", "[0.5 + 0 * criterion.reduce(")
    changed.edit("media/mp4/probe.py", "fps=rate,", "fps=2 * rate,")
    changed.edit(
        "media/hashing/perceptual_hash.py", "is_strong = coefficients >", "is_strong = coefficients <"
    )
    changed.edit("expectations/checking.py", '_count": MAX_SHOWN', '_count": MAX_SHOWN - 1')
    changed.edit("scoring/audit/score_audit.py", "_TOLERANCE = 1e-9", "_TOLERANCE = -100")
    changed.edit("reports/plots_page.py", '_SHOWN = "the versions', '_SHOWN = "these versions')
    parameters = changed.root / "conf/base/validate/parameters.yml"
    text = parameters.read_text(encoding="utf-8")
    parameters.write_text(
        re.sub(r"derived_value: critical", "derived_value: warning", text), encoding="utf-8"
    )
    parameters = changed.root / "conf/base/curate/parameters.yml"  # a mean of 0.5 passes no threshold
    text = parameters.read_text(encoding="utf-8")
    parameters.write_text(text.replace("allow_empty: false", "allow_empty: true"), encoding="utf-8")
    hashes = read(changed, "02_intermediate/frame_hashes.parquet")["frame_hash"]
    reports = changed.places("08_reporting/validations")
    changed = replace(changed, programs=forked_kedro.program(changed.root, tmp_path / "programs"))
    assert repro(changed) == STAGES
    scores = read(changed, "02_intermediate/scores/edited_video_scores.parquet")["mean_o_score"]
    assert set(scores) == {0.5}
    assert read(changed, "02_intermediate/media.parquet")["fps"].equals(rates * 2)
    assert not (read(changed, "02_intermediate/frame_hashes.parquet")["frame_hash"] == hashes).any()
    assert all(place != reports[path] for path, place in changed.places("08_reporting/validations").items())
    assert set(read(changed, "03_primary/score_faults.parquet")["rule"]) == {"above_geometric_mean"}
    assert "these versions that dvc plots" in changed.path("08_reporting/plots_page.html").read_text(
        encoding="utf-8"
    )
    assert repro(changed) == ["manifest"]


def read(copy: Copy, path: str) -> pl.DataFrame:
    """A table of the copy."""
    return pl.read_parquet(Path(copy.path(path)))
