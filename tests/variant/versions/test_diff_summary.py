"""The summary says in short what two versions differ in, and reads well as plain text."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import polars as pl
from tests.made.tables import THRESHOLDS
from tests.made.versions import csvs_of, version
from tests.markdown import rendered
from tests.variant.test_card import GOOD, facts_of

from sparkle_curation.escaping import terminal_text
from sparkle_curation.variant.versions.diff import compare
from sparkle_curation.variant.versions.diff_summary import MAX_EXAMPLES, MAX_REASONS, summarise
from sparkle_curation.variant.versions.version import CurationSettings, VariantVersion

A, B, C = "Sparkle_location_000003", "Sparkle_location_000009", "Sparkle_time_000001"
TIGHT = {**THRESHOLDS, "edited_video": 8.5}


def summary(base: VariantVersion, other: VariantVersion) -> str:
    """The summary of the difference of two versions."""
    return summarise(base, other, compare(base, other))


def test_the_whole_text() -> None:
    """Counts by theme, what was decided otherwise, reasons, examples, how to have both again."""
    base = replace(
        version({A: {"edited_video": 8.2}, B: 9.0}, name="HEAD~1"),
        commit="0123456789abcdef0123456789abcdef01234567",
    )
    other = version(
        {A: {"edited_video": 8.2}, B: 9.0, C: 9.0},
        name="workspace",
        thresholds=TIGHT,
        values={B: {"prompt": "other"}},
    )
    assert summary(base, other) == (
        "## Variant: `HEAD~1` (0123456789ab) -> `workspace`\n"
        "\n"
        "2 samples + 1 added - 1 removed = 2 samples; 1 changed.\n"
        "\n"
        "| theme    | base | added | removed | changed | other |\n"
        "| -------- | ---: | ----: | ------: | ------: | ----: |\n"
        "| location |    2 |     0 |       1 |       1 |     1 |\n"
        "| time     |    0 |     1 |       0 |       0 |     1 |\n"
        "| total    |    2 |     1 |       1 |       1 |     2 |\n"
        "\n"
        "Decided by:\n"
        "\n"
        "| setting                   | base | other |\n"
        "| ------------------------- | ---- | ----- |\n"
        "| threshold of edited_video | 8.0  | 8.5   |\n"
        "\n"
        "Why:\n"
        "\n"
        "| change  | reason                            | samples |\n"
        "| ------- | --------------------------------- | ------: |\n"
        "| added   | source_added                      |       1 |\n"
        "| removed | threshold:edited_video 8.0 -> 8.5 |       1 |\n"
        "| changed | prompt                            |       1 |\n"
        "\n"
        f"- added `{C}`: source_added\n"
        f"- removed `{A}`: threshold:edited_video 8.0 -> 8.5\n"
        f"- changed `{B}`: prompt\n"
        "\n"
        "To have them again:\n"
        "\n"
        "- base: `git checkout 0123456789ab && dvc checkout`, or `kedro run --pipelines curate --params "
        "thresholds.edited_frame0=8.0,thresholds.foreground_removed=8.5,thresholds.edited_video=8.0,"
        "missing_scores=reject,imputed_scores=keep`\n"
        "- other: `kedro run --pipelines curate --params "
        "thresholds.edited_frame0=8.0,thresholds.foreground_removed=8.5,thresholds.edited_video=8.5,"
        "missing_scores=reject,imputed_scores=keep`\n"
    )


def test_no_difference_is_said_in_a_line() -> None:
    """Without tables of zeros; what makes both is said once."""
    text = summary(version({A: 9.0}), version({A: 9.0}))
    assert "No difference: the same 1 sample.\n" in text
    assert "|" not in text
    assert "- both: `kedro run" in text


def test_a_version_with_its_record_is_had_again_with_all_its_settings() -> None:
    """As its card says it: policies, split and loader too, and where the release is to be named."""
    record = replace(facts_of(GOOD), settings={"split.val_share": 0.1, "score_source": "released"})
    text = summary(version({A: 9.0}), replace(version({A: 9.0}), record=record))
    (line,) = (line for line in text.splitlines() if line.startswith("- other:"))
    assert "split.val_share=0.1,score_source=released,release_root=/path/to/Sparkle" in line


def test_empty_versions_have_a_summary() -> None:
    """Nothing is nothing."""
    assert "the same 0 samples" in summary(version({}), version({}))


def test_what_is_unknown_is_not_guessed() -> None:
    """CSVs alone: no settings, no reason, and no way to make them."""
    text = summary(csvs_of(version({A: 9.0})), version({A: 1.0}))
    assert "| missing_scores                  | unknown | reject |" in text
    assert "| removed | unknown |       1 |" in text
    assert "- base:" not in text


def test_examples_and_reasons_are_few() -> None:
    """However many there are; those left out are counted."""
    ids = [f"Sparkle_style_{number:06}" for number in range(40)]
    texts = [f"text {number}" for number in range(40)]
    base = version(dict.fromkeys(ids, 9.0))
    values: dict[str, dict[str, Any]] = {key: {"prompt": text} for key, text in zip(ids, texts, strict=True)}
    text = summary(base, version(dict.fromkeys(ids, 9.0), values=values))
    assert text.count("- changed `Sparkle") == MAX_EXAMPLES
    assert f"- and {40 - MAX_EXAMPLES} more changed" in text
    assert "| changed | prompt |      40 |" in text

    reasons = [f"reason {number}" for number in range(MAX_REASONS + 2)]
    diff = pl.DataFrame(
        {
            "id": [f"Sparkle_style_{number:06}" for number in range(len(reasons))],
            "theme": "style",
            "change": "removed",
            "reason": reasons,
            "detail": reasons,
        }
    )
    text = summarise(base, version({}), diff)
    assert "and 2 samples by 2 more combinations of reasons." in text
    assert text.count("| removed | reason") == MAX_REASONS


def test_reasons_whose_values_differ_are_reported_without_them() -> None:
    """Each sample's own score would be a row each."""
    base = version({A: 8.6, B: 8.7})
    text = summary(base, version({A: 1.0, B: 1.0}))
    assert "| removed | score:edited_frame0 |       2 |" in text
    assert f"- removed `{A}`: score:edited_frame0 8.6 -> 1.0" in text


def test_files_of_the_release_that_differ_are_named() -> None:
    """By what `ingest` counted in them; at most ten names."""

    def counted(*names: str, rows: int) -> pl.DataFrame:
        counts = dict.fromkeys(("size_bytes", "record_count", "row_count", "quarantined_count"), rows)
        return pl.DataFrame([{"path": name, **counts} for name in names])

    base, other = version({A: 9.0}), version({A: 9.0})
    text = summary(
        replace(base, source_files=counted("same.csv", "gone.csv", rows=1)),
        replace(other, source_files=pl.concat([counted("same.csv", rows=1), counted("new.csv", rows=2)])),
    )
    assert "other sizes or rows: `gone.csv`, `new.csv`." in text
    assert "other sizes or rows" not in summary(base, other)
    many = counted(*(f"{number:02}.csv" for number in range(12)), rows=1)
    text = summary(
        replace(base, source_files=many), replace(other, source_files=many.with_columns(row_count=2))
    )
    assert "`09.csv` and 2 more." in text


def test_a_line_of_markdown_stays_one() -> None:
    """A bar in a cell would begin another one."""
    base = version({A: 9.0})
    diff = compare(base, version({})).with_columns(pl.lit("a|b").alias("detail"))
    assert "| removed | a\\|b   |       1 |" in summarise(base, version({}), diff)


def test_nothing_of_a_version_is_markup_or_a_command() -> None:
    """A version may be a folder of anybody's: its name, ids, settings and what differs are shown as text."""
    odd = "a`<img src=x onerror=f()>|\x1b[2J"
    settings = CurationSettings(
        dict.fromkeys(THRESHOLDS, 8.5), missing_scores=f"$(rm -r x)[y](javascript:{odd})"
    )
    base = replace(version({A: 9.0}, name=odd), settings=settings)
    diff = compare(base, version({})).with_columns(pl.lit(odd).alias("id"), pl.lit(odd).alias("detail"))
    text = summarise(base, version({}), diff)
    shown = rendered(text)
    assert set(re.findall(r"<(\w+)", shown)) <= {
        *("h2", "p", "code", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    }  # fmt: skip
    assert html.unescape(shown).count(odd.replace("\x1b", "\\x1b")) >= 5
    assert terminal_text(text) == text
    assert "--params 'threshold=8.5,missing_scores=$(rm -r x)" in text


def test_one_threshold_for_all_is_one_parameter() -> None:
    """And what is not known is left to the defaults."""
    same = CurationSettings(dict.fromkeys(THRESHOLDS, 8.5), "keep")
    assert same.as_params() == "threshold=8.5,missing_scores=keep"
    assert CurationSettings().as_params() is None
