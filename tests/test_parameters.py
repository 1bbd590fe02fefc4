"""A parameter that is unknown, misspelt or out of range stops the run before anything is made."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession
from omegaconf import OmegaConf
from tests.conftest import CHECKOUT, Project

from sparkle_curation.errors import ParameterError
from sparkle_curation.parameters import RunParameters, check_parameters, check_roots

NAMES = len(RunParameters.model_fields)

GOOD: dict[str, Any] = {
    "threshold": None,
    "thresholds": {"edited_frame0": 8.0, "foreground_removed": 8.5, "edited_video": 8.0},
    "missing_scores": "reject",
    "imputed_scores": "keep",
    "score_source": "released",
    "licence_allow": None,
    "themes": None,
    "signal_bounds": None,
    "missing_signals": "keep",
    "benchmark_leakage": "drop",
    "allow_empty": False,
    "preflight": {
        "unloadable_pairs": "drop",
        "num_frames": 81,
        "max_pixels": 921600,
        "height": None,
        "width": None,
    },
    "split": {"val_share": 0.0, "grouped_by": "picture", "seed": 0},
    "override_rule": "any_drop",
    "selection": {
        "budget": None,
        "balance": ["theme", "subtheme"],
        "mode": "even",
        "quota": None,
        "rank_by": None,
        "per_source_clip": None,
        "per_prompt": None,
    },
    "base": "HEAD",
    "other": "workspace",
    **{
        name: value
        for path in sorted((CHECKOUT / "conf" / "base").glob("*/parameters.yml"))
        if path.parent.name not in {"curate", "variants"}
        for name, value in OmegaConf.to_container(OmegaConf.load(path)).items()  # type: ignore[union-attr]
    },
}


def changed(*items: str) -> dict[str, Any]:
    """The good parameters with these on top, as ``--params`` gives them."""
    merged = OmegaConf.merge(OmegaConf.create(GOOD), OmegaConf.from_dotlist(list(items)))
    return dict(OmegaConf.to_container(merged))  # type: ignore[arg-type]


def test_good_parameters_pass() -> None:
    """As conf/base has them, with roots, and at the bounds; integers are numbers."""
    assert check_parameters(GOOD).thresholds.foreground_removed == 8.5
    checked = check_parameters(
        changed("threshold=10", "release_root=memory://a", "thresholds.edited_video=0")
    )
    assert (checked.threshold, checked.release_root, checked.thresholds.edited_video) == (10, "memory://a", 0)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("treshold=8", ["There is no parameter 'treshold'", "did you mean 'threshold'?"]),
        ("release_rot=a", ["did you mean 'release_root'?"]),
        ("thresholds.edited_vido=8", ["'thresholds.edited_vido'", "did you mean 'thresholds.edited_video'?"]),
        ("edited_video=8", ["did you mean 'thresholds.edited_video'?"]),
        (
            "zzz=1",
            ["There is no parameter 'zzz'", f"one of the {NAMES} names, which stand in docs/parameters.md"],
        ),
        (
            "bench_model=a",
            [
                "did you mean 'bench_models'?",
                "allowed: bench_models, ",
                f"or another of the {NAMES} names, which stand in",
            ],
        ),
        (
            "bench_evaluate.max_costs=1",
            [
                "'bench_evaluate.max_cost'?",
                "allowed: bench_evaluate.max_cost, ",
                "of the 21 names, which stand in conf/base/bench_evaluate/parameters.yml",
            ],
        ),
        (
            "bench_models.a/b=c",
            ["'bench_models' cannot have a member of this name", "'a/b'", "letters, digits, _ and - alone"],
        ),
        ("bsae=HEAD", ["There is no parameter 'bsae'", "did you mean 'base'?"]),
        ("base=0123456", ["The parameter 'base'", "42798", "1234567~0", "conf/base/diff/parameters.yml"]),
        ("other=12e4567", ["The parameter 'other'", "a git revision"]),
        ("trust_mtime=maybe", ["The parameter 'trust_mtime'", "maybe", "conf/base/globals.yml"]),
        ("a.b.c=1", ["There is no parameter 'a'"]),
        ("allow_empty=perhaps", ["'allow_empty'", "perhaps", "true or false", "conf/base/curate"]),
        ("threshold=10.000001", ["'threshold'", "10.000001", "a number from 0 to 10, or null"]),
        ("threshold=-0.001", ["a number from 0 to 10, or null"]),
        ("threshold=.nan", ["a number from 0 to 10"]),
        ("threshold=.inf", ["a number from 0 to 10"]),
        ("threshold=-.inf", ["a number from 0 to 10"]),
        ("threshold=nan", ["'nan'", "a number from 0 to 10"]),
        ("threshold=eight", ["'eight'", "a number from 0 to 10"]),
        ("threshold='8'", ["'8'", "a number from 0 to 10"]),
        ("threshold=true", ["True", "a number from 0 to 10"]),
        ("threshold=[8]", ["a number from 0 to 10"]),
        ("threshold.x=8", ["a number from 0 to 10"]),
        ("thresholds.edited_video=11", ["'thresholds.edited_video'", "a number from 0 to 10"]),
        ("thresholds.edited_video=false", ["'thresholds.edited_video'", "a number from 0 to 10"]),
        ("thresholds=8", ["'thresholds'", "thresholds.edited_frame0, thresholds.foreground_removed"]),
        ("missing_scores=rejekt", ["'rejekt'", "'reject', 'keep' or 'error'"]),
        ("missing_scores=null", ["'reject', 'keep' or 'error'"]),
        ("imputed_scores=drop", ["'drop'", "'auto', 'keep' or 'reject'"]),
        ("themes=sea season", ["'themes'", "season", "or null for all"]),
        ("themes=[]", ["'themes'", "or null for all"]),
        (
            "signal_bounds.foreground_fidelity.at_least=1",
            ["'signal_bounds.foreground_fidelity'", "foreground_fidelity_min"],
        ),
        ("signal_bounds.prompt_chars.at_lest=1", ["'signal_bounds.prompt_chars.at_lest'", "at_least"]),
        (
            "signal_bounds.prompt_chars.at_most=many",
            ["'signal_bounds.prompt_chars.at_most'", "a number, or null"],
        ),
        ("missing_signals=error", ["'keep' or 'reject'"]),
        ("signals.frames=0", ["'signals.frames'", "an integer above 0", "conf/base/signals"]),
        ("override_rule=first", ["'override_rule'", "any_drop, any_keep, majority or unanimous"]),
        ("selection.budget=0", ["'selection.budget'", "an integer from 1 up"]),
        ("selection.mode=evn", ["'selection.mode'", "even, proportional or quota"]),
        ("selection.balance=them", ["'selection.balance'", "theme, subtheme"]),
        ("selection.rank_by=best", ["'selection.rank_by'", "edited_video"]),
        ("selection.quota.time=-1", ["'selection.quota'", "theme/subtheme: 100"]),
        ("selection.budgt=1", ["did you mean 'selection.budget'?"]),
        ("preflight.unloadable_pairs=dropp", ["'drop' or 'keep'"]),
        ("preflight.num_frames=0", ["'preflight.num_frames'", "an integer above 0"]),
        ("preflight.max_pixels=1e6", ["'preflight.max_pixels'", "an integer above 0"]),
        ("preflight.height=480", ["'preflight.width'", "height and width are both set or neither"]),
        ("preflight.width=832", ["'preflight.width'", "height and width are both set or neither"]),
        ("preflight.fps=16", ["There is no parameter 'preflight.fps'", "preflight.num_frames"]),
        ("split.val_share=1.0", ["'split.val_share'", "a number from 0 to below 1"]),
        ("split.val_share=.nan", ["'split.val_share'", "a number from 0 to below 1"]),
        ("split.sed=1", ["did you mean 'split.seed'?"]),
        (
            "edges.low=300",
            ["'edges.high'", "the low one not above the high one", "conf/base/edges/parameters.yml"],
        ),
        (
            "camera.shake_every=0",
            ["'camera.shake_every'", "an integer above 0", "conf/base/camera/parameters.yml"],
        ),
        ("asset_source=mine", ["'asset_source'", "released or rerun", "conf/base/globals.yml"]),
        ("release_root=", ["'release_root'", "a folder or fsspec URL", "conf/base/globals.yml"]),
        ("data_root=", ["'data_root'", "a folder of this machine", "conf/base/globals.yml"]),
        ("data_root=5", ["'data_root'", "a folder of this machine"]),
        ("edit_frame0.prompt={prompt}", ["{'prompt': None}", "--params 'edit_frame0.prompt=\"{prompt}\"'"]),
        ("edit_frame0.prompt=5", ["--params 'edit_frame0.prompt=\"...\"'"]),
        ("edit_frame0.prompt='{scene'", ["--params edit_frame0.prompt=..."]),
        ("release_root=''", ["'release_root'", "a folder or fsspec URL"]),
    ],
)
def test_a_bad_parameter_is_reported_with_what_is_allowed(item: str, words: list[str]) -> None:
    """Each kind of mistake: the name, what was got, what is allowed or meant."""
    with pytest.raises(ParameterError) as caught:
        check_parameters(changed(item))
    for word in words:
        assert word in caught.value.format_message()


def test_a_text_in_braces_and_quotes_is_a_text() -> None:
    """As the error tells to type it."""
    assert check_parameters(changed('edit_frame0.prompt="{prompt}"')).edit_frame0.prompt == "{prompt}"


@pytest.mark.parametrize(
    ("data_root", "words"),
    [
        ("memory://x", ["this is a URL", "a local folder", "mount the store"]),
        ("s3://bucket/out", ["this is a URL", "s3://bucket/out", "data_root=/path/to/output"]),
        ("file:///srv/out", ["this is a URL"]),
        ("simplecache::s3://bucket/out", ["this is a URL"]),
        (None, ["'data_root' is not set", "a local folder"]),
        ("", ["'data_root' is not set"]),
    ],
)
def test_a_data_root_that_is_no_local_folder_is_refused(data_root: object, words: list[str]) -> None:
    """A URL would be taken for the name of a folder here."""
    with pytest.raises(ParameterError) as caught:
        check_roots({"release_root": "memory://a", "data_root": data_root})
    for word in words:
        assert word in caught.value.format_message()


@pytest.mark.parametrize("data_root", ["data", "/srv/out", "./~", "a~b", "a:b"])
def test_a_local_data_root_is_taken_whatever_it_is_called(data_root: str) -> None:
    """Only what reads as a URL is refused; the release may lie behind a URL."""
    check_roots({"release_root": "s3://bucket/Sparkle", "data_root": data_root})


@pytest.mark.parametrize("name", list(GOOD))
def test_a_missing_parameter_is_reported(name: str) -> None:
    """A parameter file that lacks one says which."""
    with pytest.raises(ParameterError, match=f"'{name}' is not set"):
        check_parameters({key: value for key, value in GOOD.items() if key != name})


@given(threshold=st.floats() | st.integers() | st.booleans() | st.text(max_size=3) | st.none())
def test_a_threshold_is_a_number_from_0_to_10_or_null(threshold: object) -> None:
    """Any other value is refused, whatever it is."""
    is_allowed = threshold is None or (
        isinstance(threshold, (int, float))
        and not isinstance(threshold, bool)
        and math.isfinite(threshold)
        and 0 <= threshold <= 10
    )
    if is_allowed:
        assert check_parameters({**GOOD, "threshold": threshold}).threshold == threshold
    else:
        with pytest.raises(ParameterError):
            check_parameters({**GOOD, "threshold": threshold})


# ------------------------------------------------------------------ through Kedro
@pytest.mark.parametrize(
    "params",
    [
        {"treshold": 8},
        {"threshold": 11},
        {"threshold": ".nan"},
        {"thresholds.edited_vido": 8},
        {"missing_scores": "keepp"},
        {"release_root": ""},
        {"data_root": "memory://x"},
        {"data_root": "~nobody-of-this-name/out"},
        {"data_root": "$NO_SUCH_VARIABLE/out"},
    ],
)
def test_nothing_is_made_of_a_bad_parameter(params: Mapping[str, object], project: Project) -> None:
    """The run stops before its first output."""
    with pytest.raises(ParameterError):
        project.run_here(params=params)
    assert not project.data_root.exists()
    assert not [
        name
        for name in ("memory:", "~nobody-of-this-name", "$NO_SUCH_VARIABLE")
        if (CHECKOUT / name).exists()
    ]


def test_a_data_root_in_globals_is_refused_like_one_of_a_run(
    kedro_project: Path, sample_release: Path, tmp_path: Path
) -> None:
    """A URL in globals.yml stops the run; one that the run replaces by a folder does not count."""
    conf = tmp_path / "conf"
    shutil.copytree(CHECKOUT / "conf", conf)
    (conf / "local" / "globals.yml").write_text("data_root: memory://x\n")

    def load_context(**runtime: str) -> KedroContext:
        with KedroSession.create(kedro_project, conf_source=str(conf), runtime_params=runtime) as session:
            return session.load_context()

    with pytest.raises(ParameterError, match="memory://x"):
        load_context()
    load_context(data_root=str(tmp_path / "out"))


@pytest.mark.slow
def test_the_command_line_tells_a_bad_parameter_plainly(project: Project) -> None:
    """An exit status, the message, no traceback, no output; with the option's old name too."""
    finished = project.run_kedro("--pipeline", "curate", params={"treshold": 8})
    assert finished.returncode == 1
    assert "There is no parameter 'treshold'." in finished.stderr
    assert "did you mean 'threshold'?" in finished.stderr
    assert "Traceback" not in finished.stdout + finished.stderr
    assert not project.data_root.exists()


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--pipeline", "--pipelines"])
def test_both_names_of_the_option_run_a_pipeline(option: str, project: Project) -> None:
    """``--pipeline`` is deprecated in Kedro, and works, without a warning."""
    finished = project.run_kedro(option, "ingest")
    assert finished.returncode == 0, finished.stderr
    assert project.output("02_intermediate", "annotations.parquet").exists()


@pytest.mark.slow
def test_a_local_override_and_a_parameter_of_the_run_go_together(
    project: Project, checkout: Path, tmp_path: Path
) -> None:
    """A nested key in conf/local, another by ``--params``, the third from conf/base: all three count."""
    conf = tmp_path / "conf"
    shutil.copytree(checkout / "conf", conf, ignore=shutil.ignore_patterns("local"))
    (conf / "local").mkdir()
    (conf / "local" / "parameters.yml").write_text("thresholds:\n  edited_frame0: 1.5\n")
    arguments = ("--pipelines", "ingest,inspect,filter", "--conf-source", str(conf))
    finished = project.run_kedro(*arguments, params={"thresholds.edited_video": 2.5})
    assert finished.returncode == 0, finished.stderr
    verdicts = pl.read_parquet(project.output("03_primary", "verdicts.parquet"))
    thresholds = {name: set(verdicts[name]) for name in verdicts.columns if name.endswith("_threshold")}
    assert sorted(next(iter(values)) for values in thresholds.values()) == [1.5, 2.5, 8.5]
