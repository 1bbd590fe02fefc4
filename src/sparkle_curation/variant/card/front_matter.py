"""What a hub reads of a card: the YAML before its text; and what is said of a variant that is a repository there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.tables.ingested import CSV_COLUMNS
from sparkle_curation.variant.facts import Split, VariantFacts

_SIZE_CATEGORIES = {
    "n<1K": 10**3,
    "1K<n<10K": 10**4,
    "10K<n<100K": 10**5,
    "100K<n<1M": 10**6,
    "1M<n<10M": 10**7,
}
"""The hub's words for the number of samples -> the first number that is too large for them."""


@dataclass(frozen=True)
class Published:
    """What a card says more where the variant is a repository of its own.

    Attributes:
        configs: as hubs read them: name and files of each way to load it.
        where: where the videos are, as a sentence begins.
        sections: Markdown that stands before the splits.
    """

    configs: Sequence[Mapping[str, Any]]
    where: str
    sections: str


def front_matter(facts: VariantFacts, published: Published | None) -> str:
    """Title, licence, size, tags and how it is loaded."""
    # 0.1 s, so not at the start of every command; the module with the card class itself takes another 0.3 s.
    from huggingface_hub.repocard_data import DatasetCardData  # noqa: PLC0415

    about = dataset()
    size = next(
        (words for words, limit in _SIZE_CATEGORIES.items() if facts.sample_count < limit), "10M<n<100M"
    )
    thresholds = " / ".join(map(exact, facts.thresholds.values()))
    data = DatasetCardData(
        pretty_name=f"{about.title} variant{'' if facts.sample_count else ' of 0 pairs'}, thresholds {thresholds}",
        license=facts.joint_licence,
        language=["en"],
        task_categories=["video-to-video"],
        tags=[*about.tags, *([f"arxiv:{about.paper}"] if about.paper else [])],
        size_categories=[size],
        source_datasets=[about.repository] if about.repository else [],
        **({"configs": [dict(each) for each in published.configs]} if published else _configs(facts.splits)),
    )
    return str(data.to_yaml(line_break="\n"))


def _configs(splits: Sequence[Split]) -> dict[str, Any]:
    """Where the splits are and what is in them; a variant without samples has none, which a hub takes for no data."""
    if not splits:
        return {}
    files = [{"split": split.name, "path": split.path} for split in splits]
    return {
        "configs": [{"config_name": "default", "data_files": files}],
        "dataset_info": {
            "features": [{"name": name, "dtype": "string"} for name in CSV_COLUMNS],
            "splits": [
                {"name": split.name, "num_bytes": split.num_bytes, "num_examples": split.sample_count}
                for split in splits
            ],
        },
    }
