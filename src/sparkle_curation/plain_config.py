"""Configuration without OmegaConf's objects, of which it makes one for each value: half the time in which 90 files are read.

What is read here comes to what OmegaConf would make of it. Whatever only it understands is left to it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import omegaconf._utils as omegaconf_utils
import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

_MISSING = "???"
"""OmegaConf's word for a value that has to be given."""

_LOOKS_AROUND = ("${oc.", "${.")
"""What begins an interpolation that depends on where it stands, or on what else there is."""


def read_plain(paths: Iterable[Path]) -> dict[Path, Any] | None:
    """What stands in files of YAML, by path.

    None where one is no mapping of plain values, or cannot be read, or a name stands in two: Kedro says what is to be said.
    """
    loader = omegaconf_utils.get_yaml_loader()
    read: dict[Path, Any] = {}
    known: set[str] = set()
    for path in paths:
        try:
            config = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 -- OmegaConf's, a safe one
        except (yaml.YAMLError, OSError, ValueError):
            return None
        config = {} if config is None else config
        if not (isinstance(config, dict) and _is_plain(config)):
            return None
        names = {*config, *_leaves(config)}
        if known & names:
            return None
        known |= names
        read[path] = config
    return read


def merge_plain(configs: Sequence[Any]) -> dict[str, Any] | None:
    """Configurations, of which each stands over those before it: mappings are merged, all else is replaced.

    None where one holds what OmegaConf alone can merge.

    >>> merge_plain([{"a": {"b": 1, "c": [2]}}, {"a": {"c": [3]}, "d": None}])
    {'a': {'b': 1, 'c': [3]}, 'd': None}
    """
    if not all(type(config) is dict and _is_plain(config) for config in configs):
        return None
    merged: dict[str, Any] = {}
    return merged if all(_lay_over(merged, config) for config in configs) else None


def resolve_plain(written: dict[str, Any]) -> dict[str, Any]:
    """The configuration with all interpolations written out.

    Many texts of a catalog are the same, and nearly every path begins with ``${_data_root}``: OmegaConf would parse that,
    and what it comes to, 200 times. Here it is asked once for each text, and for what many begin with.
    """
    if any(begin in text for text in _texts(written) for begin in _LOOKS_AROUND):
        return _resolved_whole(written)
    texts = _Texts({name: value for name, value in written.items() if name.startswith("_")})
    try:
        return {name: texts.resolved(value) for name, value in written.items()}
    except OmegaConfBaseException:  # an interpolation names another entry, or is wrong
        return _resolved_whole(written)


def _resolved_whole(written: dict[str, Any]) -> dict[str, Any]:
    found: Any = OmegaConf.to_container(OmegaConf.create(written), resolve=True)
    return {str(name): value for name, value in found.items()}


class _Texts:
    """What texts come to, each worked out once.

    Args:
        named: entries that interpolations may name.
    """

    _NAME = "a text"  # an interpolation can name nothing with a blank in it

    def __init__(self, named: dict[str, Any]) -> None:
        self._config = OmegaConf.create(named)
        self._known: dict[str, Any] = {}

    def resolved(self, value: Any) -> Any:
        """The value with the interpolations in its texts written out.

        Raises:
            OmegaConfBaseException: one is wrong, or names another entry.
        """
        if isinstance(value, dict):
            return {name: self.resolved(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.resolved(each) for each in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        first, brace, rest = value.partition("}")
        if first.startswith("${_") and rest and "${" not in rest and "\\" not in rest:
            begun = self._of_text(first + brace)
            if isinstance(begun, str):
                return begun + rest
        return copy.deepcopy(self._of_text(value))

    def _of_text(self, text: str) -> Any:
        if text not in self._known:
            self._config[self._NAME] = text
            found = self._config[self._NAME]
            self._known[text] = (
                OmegaConf.to_container(found, resolve=True) if OmegaConf.is_config(found) else found
            )
        return self._known[text]


def _lay_over(below: dict[str, Any], above: dict[str, Any]) -> bool:
    """Whether ``above`` could be laid over ``below``, in place: a mapping and a list OmegaConf does not merge."""
    for name, value in above.items():
        under = below.get(name)
        if {type(under), type(value)} == {dict, list}:
            return False
        if isinstance(value, dict):
            below[name] = dict(under) if isinstance(under, dict) else {}
            if not _lay_over(below[name], value):
                return False
        else:
            below[name] = value
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(type(name) is str and _is_plain(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or (type(value) in (str, int, float, bool) and value != _MISSING)


def _texts(value: Any) -> Iterable[str]:
    """All texts among the values of a configuration."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _leaves(config: dict[str, Any], parent: str = "") -> Iterable[str]:
    """The dotted names of all values that are no mappings."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{parent}{name}.")
        else:
            yield f"{parent}{name}"
