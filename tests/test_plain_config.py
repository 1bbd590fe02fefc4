"""What is read, merged and resolved without OmegaConf's objects is what OmegaConf makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from omegaconf.errors import ConfigTypeError, InterpolationKeyError

from sparkle_curation.plain_config import merge_plain, read_plain, resolve_plain

_SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-1, 1) | st.sampled_from(["", "x", "???"])
)
_NAMES = st.sampled_from(["a", "b", "_c"])
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)
_CONFIGS = st.lists(st.dictionaries(_NAMES, _VALUES, max_size=3), min_size=1, max_size=3)


@settings(max_examples=50)
@given(_CONFIGS)
def test_configurations_are_merged_as_omegaconf_merges_them(configs: list[dict[str, Any]]) -> None:
    """Or not at all, where one leaves a value open or OmegaConf refuses; what is merged stays as it was."""
    before = repr(configs)
    merged = merge_plain(configs)
    assert repr(configs) == before
    try:
        wanted = OmegaConf.to_container(OmegaConf.unsafe_merge(*map(OmegaConf.create, configs)))
    except ConfigTypeError:  # a mapping over a list
        wanted = None
    assert repr(merged) == repr(None if "???" in before else wanted)


_WRITTEN: dict[str, Any] = {
    "_root": "data",
    "_deep": "${_root}/deep",
    "_flag": True,
    "_options": {"path": "${_deep}/x", "depth": 2},
    "table": {
        "path": "${_root}/a b/{part}.parquet",
        "deep": "${_deep}/y",
        "both": "${_root}/${_deep}",
        "whole": ["${_options}", "${_flag}", None, 1.5],
        "flag": "is ${_flag}",
        "member": "${_options.path}/z",
        "escaped": "${_root}/\\${_root}",
        "blank": "${ _root }/b",
        "brace": "${_root}}b",
    },
    "again": "${_options}",
}


@pytest.mark.parametrize(
    "more",
    [{}, {"other": "${table.flag}"}, {"near": {"a": 1, "b": "${.a}"}}, {"else": "${oc.select:table.none,1}"}],
    ids=["beginnings", "another entry", "beside it", "what else there is"],
)
def test_interpolations_come_to_what_omegaconf_makes_of_them(more: dict[str, Any]) -> None:
    """Whatever they name, and of whatever type that is; none shares a container with another one."""
    written = {**_WRITTEN, **more}
    found = resolve_plain(written)
    assert found == OmegaConf.to_container(OmegaConf.create(written), resolve=True)
    assert found["again"] is not found["table"]["whole"][0]


def test_an_interpolation_of_nothing_is_told_by_omegaconf() -> None:
    """As it tells it of a whole configuration."""
    with pytest.raises(InterpolationKeyError, match="none"):
        resolve_plain({**_WRITTEN, "wrong": "${none}"})


@pytest.mark.parametrize(
    "text",
    ["a: [1", "- a", "a: 1\na: 2", "1: a", "b: 2", "a: ???", "\x00", "one:\n  b: 1"],
    ids=[
        "no YAML",
        "a list",
        "twice",
        "a number",
        "in two files",
        "left open",
        "no text",
        "nested, in two files",
    ],
)
def test_what_kedro_has_to_say_something_about_is_left_to_it(tmp_path: Path, text: str) -> None:
    """And what only OmegaConf knows; an empty file is an empty mapping."""
    sound, empty, odd = (tmp_path / name for name in ("sound.yml", "empty.yml", "odd.yml"))
    sound.write_text("b: 1\none: {b: 2, c: 3}\n", encoding="utf-8")
    empty.touch()
    assert read_plain([sound, empty]) == {sound: {"b": 1, "one": {"b": 2, "c": 3}}, empty: {}}
    odd.write_text(text, encoding="utf-8")
    assert read_plain([sound, odd]) is None
