"""The difference between two versions of a variant as a short text for a pull request, in Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import polars as pl

from sparkle_curation.escaping import markdown_code, markdown_text
from sparkle_curation.filtering.funnel import TOTAL
from sparkle_curation.spec.codes.diff_reasons import CHANGES, Change
from sparkle_curation.spec.stages import CRITERION_NAMES
from sparkle_curation.spec.themes import THEMES
from sparkle_curation.variant.card.rebuild import rebuild_command
from sparkle_curation.variant.versions.version import VariantVersion

MAX_REASONS = 12
"""Reasons that are listed; combinations of rare ones would fill pages."""

MAX_EXAMPLES = 3
"""Samples that are named for each change."""

MAX_SOURCE_FILES = 10

_COMMIT_LETTERS = 12
_SOURCE_COUNTS = ("size_bytes", "record_count", "row_count", "quarantined_count")


def summarise(base: VariantVersion, other: VariantVersion, diff: pl.DataFrame) -> str:
    """The text: what was compared, counts by theme, what was decided differently, reasons, examples, how to rebuild.

    Args:
        base: the version that is compared with.
        other: the version that is looked at.
        diff: from ``variant_diff.compare`` on these two.
    """
    sections = [
        _headline(base, other, diff),
        _by_theme(base, other, diff),
        _settings(base, other),
        _source_files(base, other),
        _reasons(diff),
        _examples(diff),
        _rebuilding(base, other),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, sections) if lines) + "\n"


def _headline(base: VariantVersion, other: VariantVersion, diff: pl.DataFrame) -> Iterator[str]:
    yield f"## Variant: {_title(base)} -> {_title(other)}"
    yield ""
    added, removed, changed = (diff.filter(pl.col("change") == change.value).height for change in Change)
    old, new = base.samples.height, other.samples.height
    if diff.is_empty():
        yield f"No difference: the same {_samples(old)}."
    else:
        yield f"{_samples(old)} + {added:,} added - {removed:,} removed = {_samples(new)}; {changed:,} changed."


def _title(version: VariantVersion) -> str:
    commit = version.commit and version.commit[:_COMMIT_LETTERS]
    is_telling = commit and not version.name.startswith(commit[:7])
    name = markdown_code(version.name)
    return f"{name} ({commit})" if is_telling else name


def _samples(count: int) -> str:
    return f"{count:,} sample{'' if count == 1 else 's'}"


def _by_theme(base: VariantVersion, other: VariantVersion, diff: pl.DataFrame) -> Iterator[str]:
    if diff.is_empty():
        return
    counts = {
        "base": base.samples["theme"],
        **{change.value: diff.filter(pl.col("change") == change.value)["theme"] for change in Change},
        "other": other.samples["theme"],
    }
    rows = [(theme, *((themes == theme).sum() for themes in counts.values())) for theme in THEMES]
    total = (TOTAL, *(len(themes) for themes in counts.values()))
    yield from _table(("theme", *counts), [*(row for row in rows if any(row[1:])), total])


def _settings(base: VariantVersion, other: VariantVersion) -> Iterator[str]:
    """What the two were filtered by, where it differs."""
    rows = [
        row for row in zip(_named_settings(base), _named_settings(other), strict=True) if row[0] != row[1]
    ]
    if rows:
        yield "Decided by:"
        yield ""
        yield from _table(("setting", "base", "other"), [(old[0], old[1], new[1]) for old, new in rows])


def _named_settings(version: VariantVersion) -> list[tuple[str, str]]:
    thresholds = version.settings.thresholds or {}
    policies = {
        "missing_scores": version.settings.missing_scores,
        "imputed_scores": version.settings.imputed_scores,
    }
    named = {**{f"threshold of {name}": thresholds.get(name) for name in CRITERION_NAMES}, **policies}
    return [(name, "unknown" if value is None else str(value)) for name, value in named.items()]


def _source_files(base: VariantVersion, other: VariantVersion) -> Iterator[str]:
    """The files of the release that were counted otherwise; a file of the same size and rows may differ all the same."""
    if base.source_files is None or other.source_files is None:
        return
    old, new = (
        version.source_files.select("path", pl.concat_str(_SOURCE_COUNTS, separator="/").alias("counts"))
        for version in (base, other)
        if version.source_files is not None
    )
    moved = (
        old.join(new, on="path", how="full", coalesce=True, suffix="_other")
        .filter(pl.col("counts").ne_missing(pl.col("counts_other")))["path"]
        .unique()
        .sort()
    )
    if len(moved):
        shown = ", ".join(markdown_code(path) for path in moved.head(MAX_SOURCE_FILES))
        rest = f" and {len(moved) - MAX_SOURCE_FILES} more" if len(moved) > MAX_SOURCE_FILES else ""
        yield f"Files of the release with other sizes or rows: {shown}{rest}."


def _reasons(diff: pl.DataFrame) -> Iterator[str]:
    """Each change and reason with its count; where the reason's values are the same for all, they are said."""
    if diff.is_empty():
        return
    reasons = (
        diff.group_by("change", "reason", maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("count"),
            pl.col("detail").n_unique().alias("details"),
            pl.col("detail").first(),
        )
        .with_columns(
            pl.when(pl.col("details") == 1).then("detail").otherwise("reason").alias("shown"),
        )
        .sort(pl.col("change").cast(pl.Enum(CHANGES)), -pl.col("count"), "reason")
    )
    rows = reasons.select("change", "shown", "count").head(MAX_REASONS).rows()
    yield "Why:"
    yield ""
    yield from _table(("change", "reason", "samples"), rows)
    if reasons.height > MAX_REASONS:
        yield ""
        rest = reasons["count"].slice(MAX_REASONS).sum()
        yield f"and {_samples(int(rest))} by {reasons.height - MAX_REASONS} more combinations of reasons."


def _examples(diff: pl.DataFrame) -> Iterator[str]:
    for change in Change:
        rows = diff.filter(pl.col("change") == change.value)
        for row in rows.head(MAX_EXAMPLES).select("id", "detail").rows():
            yield f"- {change} {markdown_code(row[0])}: {markdown_text(row[1])}"
        if rows.height > MAX_EXAMPLES:
            yield f"- and {rows.height - MAX_EXAMPLES:,} more {change}"


def _rebuilding(base: VariantVersion, other: VariantVersion) -> Iterator[str]:
    """How each of the two is had again."""
    commands = {"base": list(_rebuilding_of(base)), "other": list(_rebuilding_of(other))}
    if commands["base"] == commands["other"]:
        commands = {"both": commands["base"]}
    if any(commands.values()):
        yield "To have them again:"
        yield ""
        for side, ways in commands.items():
            if ways:
                yield f"- {side}: {', or '.join(map(markdown_code, ways))}"


def _rebuilding_of(version: VariantVersion) -> Iterator[str]:
    if version.commit:
        yield f"git checkout {version.commit[:_COMMIT_LETTERS]} && dvc checkout"
    if version.record:
        yield rebuild_command(version.record).splitlines()[-1]
    elif params := version.settings.as_params():
        yield f"kedro run --pipelines curate --params {shlex.quote(params)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A Markdown table whose columns are also straight where nobody renders it; numbers to the right."""
    is_number = [all(isinstance(row[place], int) for row in rows) for place in range(len(head))]
    cells = [
        [f"{cell:,}" if isinstance(cell, int) else markdown_text(str(cell)) for cell in row] for row in rows
    ]
    widths = [max(len(name), *(len(row[place]) for row in cells), 3) for place, name in enumerate(head)]

    def line(words: Sequence[str]) -> str:
        aligned = (
            word.rjust(width) if right else word.ljust(width)
            for word, width, right in zip(words, widths, is_number, strict=True)
        )
        return f"| {' | '.join(aligned)} |"

    yield line(head)
    rules = (
        f"{'-' * (width - 1)}:" if right else "-" * width
        for width, right in zip(widths, is_number, strict=True)
    )
    yield f"| {' | '.join(rules)} |"
    yield from (line(row) for row in cells)
