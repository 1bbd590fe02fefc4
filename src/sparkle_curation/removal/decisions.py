"""Decisions by hand about samples that are removed: taken out of their files, where those stay after the run."""

from __future__ import annotations

from pathlib import Path

from sparkle_curation.ingest.exclusions.exclusion_list import ExclusionError
from sparkle_curation.removal.needles import Needles
from sparkle_curation.removal.place import RemovalPlace
from sparkle_curation.removal.plan import Action
from sparkle_curation.removal.rewriting import rewrite_lines


def check_kept(place: RemovalPlace, needles: Needles) -> None:
    """Nothing, where the list, and decisions about the samples, stay after the run."""
    if place.is_lost(place.exclusions):
        raise ExclusionError(
            "The list of excluded clips lies in an archive of the configuration, in which nothing can be written",
            where="--conf-source",
            got="an archive",
            allowed="a folder of configuration, in git; or a list beside the archive",
            todo="in a checkout, --conf-source conf, then package it anew; or copy the list out of the archive and "
            "give it to each run: --params exclusions=/path/to/exclusions.csv",
        )
    for path in filter(Path.is_file, place.decisions):
        if not (place.is_lost(path) and rewrite_lines(path, needles, is_dry=True)):
            continue
        raise ExclusionError(
            "Decisions by hand about the clip lie in an archive of the configuration, in which nothing can be written",
            where=f"{path.parent.name}/{path.name}",
            got="an archive",
            allowed="a folder of configuration, in git",
            todo="in a checkout, --conf-source conf, then package it anew",
        )


def forget_decisions(place: RemovalPlace, needles: Needles, *, is_done: bool) -> list[tuple[object, ...]]:
    """Take decisions by hand about the samples out of their files; rows of the plan."""
    counts = [
        (path, rewrite_lines(path, needles, is_dry=not is_done))
        for path in filter(Path.is_file, place.decisions)
    ]
    return [
        (path.name, Action.ROWS.value, "decisions about it", 1, count, 0, is_done)
        for path, count in counts
        if count
    ]
