"""What a paper says of a variant: its numbers add up, what it cites is listed, and nothing breaks LaTeX or YAML."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

import polars as pl
import pytest
import yaml
from tests.variant.test_card import ALSO, GOOD, facts_of

from sparkle_curation.errors import StaleTableError
from sparkle_curation.reports.paper.documents import PaperFacts, write_documents
from sparkle_curation.reports.paper.exclusions import Exclusion, list_exclusions
from sparkle_curation.variant.bibliography import Judge, escape_latex, list_judges
from sparkle_curation.variant.facts import VariantFacts

VERSION = "0123456789abcdef" * 2


def report(*reasons: str) -> pl.DataFrame:
    """A report of kept samples that could not be exported."""
    return pl.DataFrame({"reason": list(reasons)}, schema={"reason": pl.String})


def facts(*exported: str) -> VariantFacts:
    """Of four known samples one is below a threshold; the others are exported, or lack something."""
    return replace(facts_of(*exported), version=VERSION)


def test_all_that_is_known_is_accounted_for() -> None:
    """Below a threshold by stage, then what was not exported by reason: with what is exported it is all."""
    found = list_exclusions(facts(GOOD), report("no_prompt", "licence"))
    assert found == [
        Exclusion("foreground_removed", "below the threshold", 1),
        Exclusion("export", "the licence of the theme is not allowed", 1),
        Exclusion("export", "no edit prompt is known", 1),
    ]


def test_a_report_of_another_run_stops_with_the_command() -> None:
    """Its reasons do not account for what the variant goes without."""
    with pytest.raises(StaleTableError, match="kedro run --pipelines filter"):
        list_exclusions(facts(GOOD), report("no_prompt"))


def test_the_numbers_of_the_documents_are_those_of_the_variant() -> None:
    """In the paragraph, in both tables, and in the citation."""
    given = facts(GOOD)
    documents = write_documents(PaperFacts(given, list_exclusions(given, report("no_prompt", "no_prompt"))))
    assert "Of its 4 known source/edited pairs" in documents["methods.tex"]
    assert r"$\geq 8.5$ for the foreground-removed frame" in documents["methods.tex"]
    assert "Of the pairs that pass, 2 are not exported (no edit prompt is known)." in documents["methods.tex"]
    assert "The variant has 1 pairs: 1 of Time." in documents["methods.tex"]
    assert r"All & 4 & 4 & 3 & 3 & 1 \\" in documents["tables.tex"]
    assert r"all & 3 \\" in documents["tables.tex"]
    assert VERSION in documents["reproducibility.tex"]


def test_what_is_cited_is_listed_and_what_is_no_part_is_not() -> None:
    """Each key of the texts is in the bibliography; the source of a theme without pairs is not."""
    given = facts(GOOD)
    documents = write_documents(PaperFacts(given, list_exclusions(given, report("no_prompt", "licence"))))
    listed = set(re.findall(r"@misc{([^,]+),", documents["references.bib"]))
    cited = {
        key
        for name in ("methods.tex", "reproducibility.tex")
        for keys in re.findall(r"\\cite{([^}]*)}", documents[name])
        for key in keys.split(",")
    }
    assert cited <= listed
    assert {"zeng2026sparkle", "luo2025editscore", f"sparklevariant{VERSION[:6]}"} <= cited
    assert "he2025openve3m" not in listed


def test_scores_of_ones_own_name_their_judge() -> None:
    """The model of the rescores with its revision, instead of the release's judge."""
    tables = [
        pl.DataFrame({"model": ["Judge_7B", "Judge_7B"], "revision": ["1a", "1a"], "adapter": [None, None]})
    ]
    judges = list_judges(tables)
    assert judges == [Judge("Judge_7B", "1a", None)]
    given = replace(facts(GOOD), settings={"score_source": "rescored"})
    documents = write_documents(PaperFacts(given, [], judges))
    assert r"by scores of our own from Judge\_7B~\cite{judge1}" in documents["methods.tex"]
    assert "luo2025editscore" not in documents["methods.tex"]
    assert "Revision 1a" in documents["references.bib"]


def test_the_command_can_be_typed_from_the_page() -> None:
    """A shell joins its lines to the command that the card has."""
    given = replace(facts(GOOD), settings={f"preflight.option_{place}": 1 for place in range(9)})
    text = write_documents(PaperFacts(given, []))["reproducibility.tex"]
    typed = text.partition("\\begin{verbatim}\n")[2].partition("\n\\end{verbatim}")[0]
    assert max(map(len, typed.splitlines())) <= 80
    words = shlex.split(typed.replace("\\\n", ""))
    assert words[3:7] == ["kedro", "run", "--pipelines", "curate"]
    assert words[-1].endswith("release_root=/path/to/Sparkle")
    assert " " not in words[-1]


def test_the_citation_file_has_what_its_format_asks_for() -> None:
    """Version 1.2.0: message, title and authors; the licence as SPDX writes it, none where parts differ."""
    given = facts(GOOD, ALSO)
    found = yaml.safe_load(
        write_documents(PaperFacts(given, [], authors=["Ada King Lovelace"]))["CITATION.cff"]
    )
    assert found["cff-version"] == "1.2.0"
    assert found["authors"] == [{"given-names": "Ada King", "family-names": "Lovelace"}]
    assert found["license"] == "CC-BY-4.0"
    assert (found["type"], found["version"]) == ("dataset", VERSION)
    assert {"message", "title"} <= set(found)


def test_text_is_shown_and_not_run_by_latex() -> None:
    """Every character that LaTeX has a use for is escaped; line breaks and control characters are gone."""
    assert escape_latex('\\input{x} 5% a_b #1 $ & ~ ^ <b>\n\x1b[31m|"') == (
        r"\textbackslash{}input\{x\} 5\% a\_b \#1 \$ \& \textasciitilde{} \textasciicircum{} "
        r"\textless{}b\textgreater{} [31m\textbar{}\textquotedbl{}"
    )
