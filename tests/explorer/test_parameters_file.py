"""Parameters saved into the file that people keep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sparkle_curation.errors import ParameterError
from sparkle_curation.explorer.files.parameters_file import ParametersFile, parameters_file, save_parameters

KEPT = """# Mine.
threshold: 9 # for all
thresholds: {edited_video: 8.5}
other: null # none of the page's
selection:
  budget: null # the most
  balance: [theme, subtheme] # groups
"""


def test_values_are_set_and_all_else_stays(tmp_path: Path) -> None:
    """Comments, order, nulls, mappings and lists in one line; what is the same is no change."""
    path = tmp_path / "parameters.yml"
    path.write_text(KEPT, encoding="utf-8")
    values = {
        "threshold": None,
        "thresholds": {"edited_video": None, "edited_frame0": 8.25},
        "selection": {"budget": 10, "balance": ["theme"]},
        "signal_bounds": {"prompt_chars": {"at_least": 4}},
    }
    assert save_parameters(ParametersFile(path, "x"), values) == [
        "threshold: 9 -> null",
        "thresholds.edited_video: 8.5 -> null",
        "thresholds.edited_frame0: null -> 8.25",
        "selection.budget: null -> 10",
        "selection.balance: ['theme', 'subtheme'] -> ['theme']",
        "signal_bounds: null -> {'prompt_chars': {'at_least': 4}}",
    ]
    assert path.read_text(encoding="utf-8").splitlines() == [
        "# Mine.",
        "threshold: null # for all",
        "thresholds: {edited_video: null, edited_frame0: 8.25}",
        "other: null # none of the page's",
        "selection:",
        "  budget: 10   # the most",
        "  balance: [theme]           # groups",
        "signal_bounds: {prompt_chars: {at_least: 4}}",
    ]
    assert save_parameters(ParametersFile(path, "x"), values) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"thresholds": {"edited_video": 11}}, "thresholds.edited_video"),
        ({"thresholds": {"edited_vide": 8}}, "thresholds.edited_vide"),
        ({"selection": {"budget": 0}}, "selection.budget"),
        ({"missing_scores": "perhaps"}, "missing_scores"),
        ({"allow_empty": True}, "allow_empty"),
    ],
)
def test_what_no_run_would_take_is_not_saved(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    """And the file stays as it is."""
    path = tmp_path / "parameters.yml"
    path.write_text(KEPT, encoding="utf-8")
    with pytest.raises(ParameterError, match=said):
        save_parameters(ParametersFile(path, "x"), values)
    assert path.read_text(encoding="utf-8") == KEPT


def test_a_file_is_made_and_a_broken_one_is_told(tmp_path: Path) -> None:
    """Of an environment that has none yet; no broken one is written over."""
    new = ParametersFile(tmp_path / "conf" / "parameters.yml", "x")
    save_parameters(new, {"thresholds": {"edited_video": 9.0}, "threshold": None})
    assert new.path is not None
    assert yaml.safe_load(new.path.read_text(encoding="utf-8")) == {"thresholds": {"edited_video": 9.0}}
    for broken in ("a: [", "- a\n"):
        new.path.write_text(broken, encoding="utf-8")
        with pytest.raises(ParameterError, match="cannot be read"):
            save_parameters(new, {"threshold": None})
        assert new.path.read_text(encoding="utf-8") == broken


def test_what_stands_over_the_file_is_known(tmp_path: Path) -> None:
    """A command line and conf/local; an environment has its own file, over which none of them stands."""
    local = tmp_path / "conf" / "local" / "parameters.yml"
    local.parent.mkdir(parents=True)
    local.write_text("threshold: 9\nother: 1\n", encoding="utf-8")
    found = parameters_file(tmp_path, None, {"missing_scores": "keep", "data_root": "x"})
    assert found.path == tmp_path / "conf" / "base" / "curate" / "parameters.yml"
    assert found.above == {"missing_scores": "--params", "threshold": "conf/local/parameters.yml"}
    assert parameters_file(tmp_path, "mine", {}).shown == "conf/mine/curate/parameters.yml"
    assert parameters_file(tmp_path, "mine", {}).above == {}
