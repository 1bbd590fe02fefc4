"""The members of Croissant's vocabulary for responsible AI: what a variant's record says for them, and what lacks.

Source: the Croissant RAI specification 1.0. Nothing is made up: a member that neither the record nor whoever
publishes can fill stays out, and is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sparkle_curation.filtering.benchmark_leaks import describe_lacking
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.variant.bibliography import cited
from sparkle_curation.variant.facts import VariantFacts

MEMBERS = (
    "dataCollection",
    "dataCollectionType",
    "dataCollectionMissingData",
    "dataCollectionRawData",
    "dataCollectionTimeframe",
    "dataImputationProtocol",
    "dataPreprocessingProtocol",
    "dataManipulationProtocol",
    "dataAnnotationProtocol",
    "dataAnnotationPlatform",
    "dataAnnotationAnalysis",
    "annotationsPerItem",
    "annotatorDemographics",
    "machineAnnotationTools",
    "dataUseCases",
    "dataBiases",
    "dataLimitations",
    "dataSocialImpact",
    "personalSensitiveInformation",
    "dataReleaseMaintenancePlan",
)
_LISTS = frozenset(
    {
        "dataCollectionType",
        "dataPreprocessingProtocol",
        "dataAnnotationProtocol",
        "dataAnnotationAnalysis",
        "machineAnnotationTools",
        "dataUseCases",
        "dataLimitations",
    }
)
_MISSING = {
    "reject": "was rejected there",
    "keep": "was let through",
    "error": "stopped the run; there is none",
}
_IMPUTED = {"keep": "was filtered by that score", "reject": "was rejected"}


@dataclass(frozen=True)
class ResponsibleAI:
    """What is said of a variant, and what is not.

    Attributes:
        members: values by name.
        unfilled: names without a value, in the order of ``MEMBERS``.
    """

    members: Mapping[str, str | list[str]]
    unfilled: tuple[str, ...]


def describe(facts: VariantFacts, said: Mapping[str, str]) -> ResponsibleAI:
    """The members that the record of a variant fills, and those that whoever publishes has said; the latter go before.

    Args:
        facts: of the variant.
        said: text by member.
    """
    found: dict[str, list[str]] = {name: _LINES[name](facts) for name in _LINES}
    found |= {name: [text] for name, text in said.items() if text.strip()}
    members: dict[str, str | list[str]] = {}
    for name in MEMBERS:
        if lines := found.get(name):
            members[name] = lines if name in _LISTS else " ".join(lines)
    return ResponsibleAI(members, tuple(name for name in MEMBERS if name not in members))


def _raw_data(facts: VariantFacts) -> list[str]:
    about = dataset()
    where = f"{about.title}{f' ({about.repository} on the hub)' if about.repository else ''}"
    return [
        (
            f"{where}: {facts.data.source_count:,} sources with {facts.data.record_count:,} records, data version "
            f"{facts.data.digest}."
        )
    ]


def _preprocessing(facts: VariantFacts) -> list[str]:
    bounds = ", ".join(
        f"{each.name} {'>=' if each.is_at_least else '<='} {exact(facts.thresholds[each.name])}"
        for each in CRITERIA
    )
    settings = ", ".join(f"{name}={value}" for name, value in facts.settings.items() if value is not None)
    return [
        f"Samples are kept whose scores meet every threshold: {bounds}.",
        *([f"Further settings: {settings}."] if settings else []),
    ]


def _by_hand(facts: VariantFacts) -> list[str]:
    told = facts.overrides
    if not told:
        return ["No sample was added or taken out by hand, and no media were changed."]
    return [
        (
            f"{told['decisions']:,} decisions by hand of {told['annotators']:,} people go over the thresholds, resolved by "
            f"{told['rule']}; no media were changed."
        )
    ]


def _annotation(facts: VariantFacts) -> list[str]:
    scores = dataset().scores
    by_whom = facts.settings.get("score_source") or "released"
    return [
        (
            f"Scores ({by_whom}) of {', '.join(dict.fromkeys(each.stage for each in CRITERIA))}, on a scale of "
            f"{scores.scale[0]:g} to {scores.scale[1]:g}, by models that judge."
        )
    ]


def _analysis(facts: VariantFacts) -> list[str]:
    lines = []
    if facts.audit:
        good, judged = (sum(int(row[name]) for row in facts.audit) for name in ("good", "judged"))
        lines.append(f"People who judged a sample blind found {good:,} of {judged:,} pairs good.")
    if (alpha := facts.overrides.get("alpha")) is not None:
        lines.append(f"Those who decided by hand agree with Krippendorff's alpha {alpha:.2f}.")
    return lines


def _tools(facts: VariantFacts) -> list[str]:
    return [
        f"{each.title} ({each.use}){f', arXiv:{each.arxiv}' if each.arxiv else ''}"
        for each in cited(facts)
        if each.use in ("scores", "groundings")
    ]


def _limitations(facts: VariantFacts) -> list[str]:
    lines = [
        f"The release has no score of {name} that its own threshold rejects, in {', '.join(within)}: what a looser "
        "threshold would give there is not known."
        for name, within in facts.censored.items()
    ]
    if facts.benchmark:
        lacking = "; ".join(describe_lacking(facts.benchmark))
        name = facts.benchmark["name"]
        lines.append(
            f"Samples alike to the benchmark {name} were {'left out' if facts.benchmark['policy'] == 'drop' else 'kept'}"
            f"{f'; not compared: {lacking}' if lacking else ''}."
        )
    else:
        lines.append("It was not compared with a benchmark.")
    return lines


_LINES = {
    "dataCollection": lambda _facts: [
        "Selected by thresholds and decisions from a published dataset; nothing was collected anew."
    ],
    "dataCollectionType": lambda _facts: ["Secondary data analysis"],
    "dataCollectionRawData": _raw_data,
    "dataCollectionMissingData": lambda facts: [
        f"A sample without a score at a stage {_MISSING[facts.missing_scores]}."
    ],
    "dataImputationProtocol": lambda facts: [
        "No value was imputed; a sample whose score is proven to hold one that the judge imputed "
        + _IMPUTED[facts.imputed_scores]
        + "."
    ],
    "dataPreprocessingProtocol": _preprocessing,
    "dataManipulationProtocol": _by_hand,
    "dataAnnotationProtocol": _annotation,
    "dataAnnotationAnalysis": _analysis,
    "annotationsPerItem": lambda _facts: [
        f"Per stage one score, a mean over {dataset().scores.passes} passes of the judge."
    ],
    "machineAnnotationTools": _tools,
    "dataUseCases": lambda _facts: [
        f"Training and evaluation of models on what this is: {dataset().summary}."
    ],
    "dataLimitations": _limitations,
}
