"""The card of a variant: the ``README.md`` that dataset hubs show and read, from facts to text.

The same facts give the same text: there is no date in it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sparkle_curation.escaping import markdown_code, markdown_prose, markdown_text
from sparkle_curation.filtering.audit_sample import wilson
from sparkle_curation.filtering.benchmark_leaks import describe_lacking
from sparkle_curation.filtering.selection.params import SelectionParams
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.codes.bench_reasons import Likeness
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.licences import PAIR_KINDS, UNKNOWN, joint_licence, licence_of, licence_terms
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.sample_ids import ID_FORM
from sparkle_curation.spec.stages import CRITERIA, PRIMARY_CRITERIA
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, CSV_COLUMNS
from sparkle_curation.variant.bibliography import write_bibtex
from sparkle_curation.variant.facts import Split, VariantFacts
from sparkle_curation.variant.pictures import SAMPLES, SCORES, Pictures
from sparkle_curation.variant.provenance import CodeVersion
from sparkle_curation.variant.tuned_on_bench import TunedOnBench

CARD_NAME = "README.md"
"""Name of the file that hubs look for, in the folder that the paths of a card are relative to."""


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


def write_card(
    facts: VariantFacts, pictures: Pictures | None = None, published: Published | None = None
) -> str:
    """The card: YAML for the hub, then Markdown for people, with the pictures that lie beside it."""
    body = _body(facts, pictures or Pictures(), published)
    return f"---\n{_front_matter(facts, published)}\n---\n\n{body}"


# ------------------------------------------------------------------ the front matter
_FEATURES = {
    "prompt": "The edit prompt.",
    **{
        field.name: field.description
        for field in ANNOTATION_COLUMNS
        if field.name in ("src_video", "tgt_video")
    },
    "task": f"Sample id, {markdown_code(ID_FORM)}.",
}

_SIZE_CATEGORIES = {
    "n<1K": 10**3,
    "1K<n<10K": 10**4,
    "10K<n<100K": 10**5,
    "100K<n<1M": 10**6,
    "1M<n<10M": 10**7,
}
"""The hub's words for the number of samples -> the first number that is too large for them."""


def _front_matter(facts: VariantFacts, published: Published | None) -> str:
    # 0.1 s, so not at the start of every command; the module with the card class itself takes another 0.3 s.
    from huggingface_hub.repocard_data import DatasetCardData  # noqa: PLC0415

    about = dataset()
    size = next(
        (words for words, limit in _SIZE_CATEGORIES.items() if facts.sample_count < limit), "10M<n<100M"
    )
    thresholds = " / ".join(map(exact, facts.thresholds.values()))
    data = DatasetCardData(
        pretty_name=f"{about.title} variant{'' if facts.sample_count else ' of 0 pairs'}, thresholds {thresholds}",
        license=joint_licence(_themes(facts)),
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


# ------------------------------------------------------------------ the body
_BODY = """\
# {title} variant{emptiness}

{opening} of {dataset}, {summary}:
those that pass the thresholds below. This is version `{version}`, a digest of its rows. The files are
training annotations as [Kiwi-Edit](https://github.com/showlab/Kiwi-Edit) reads them. {where}; the
paths are relative to the root of {release}, its shards extracted.

{samples}
{sections}## Splits

Each theme is a split, in `prompts/{{theme}}_train.csv`, with `prompts/{{theme}}_train_metadata.jsonl` beside it where
the release has metadata; samples that were held out for validation are one more, in `prompts/{{theme}}_val.csv`.

{splits}

## Features

{features}

## How it was made

Each sample is compared with one threshold a stage; a score equal to it is kept. The counts are of samples that a stage
lets through. A kept sample is exported if it has a prompt and both videos, and Kiwi-Edit's loader would load them.

{stages}

{scores}- A sample without a score at a stage was {missing_scores}.
- A sample whose score is proven to hold an imputed value was {imputed_scores}.
{held_out}{scope}{excluded}- Code: {code}.
- Data: version `{data.digest}`: {data.source_count:,} sources with {data.record_count:,} records in
  {data.size_bytes:,} bytes{commit}. The same sources have the same version on any machine.

## How to rebuild it

{rebuild}

The card that this writes names the version of the data that you have: the same version gives the same files.

## Licence

{licence}
## Citation

The publications behind the dataset, and this variant; `kedro run --pipelines paper` writes them with a paragraph on methods,
tables and a `CITATION.cff`.

```bibtex
{bibtex}
```
"""

_MISSING: dict[MissingScores, str] = {
    "reject": "rejected there",
    "keep": "let through",
    "error": "not allowed, and there is none",
}
_IMPUTED: dict[ImputedScores, str] = {"keep": "filtered by that score", "reject": "rejected there"}


def _body(facts: VariantFacts, pictures: Pictures, published: Published | None) -> str:
    about = dataset()
    title = markdown_text(about.title)
    paper = f"https://arxiv.org/abs/{quote(about.paper or '')}"
    release = f"[the release](https://huggingface.co/datasets/{quote(about.repository or '')})"
    return _BODY.format(
        title=title,
        dataset=f"[{title}]({paper})" if about.paper else title,
        summary=markdown_text(about.summary),
        release=release if about.repository else "the release",
        licence=_licence(facts),
        bibtex=write_bibtex(facts).strip(),
        emptiness="" if facts.sample_count else ": empty, 0 pairs",
        opening=f"{facts.sample_count:,} source/edited video pairs"
        if facts.sample_count
        else "**This variant is empty**: no source/edited video pair",
        version=facts.version,
        where=published.where if published else "The videos are not here",
        sections=published.sections if published else "",
        splits=_table(
            ["split", "samples"],
            [(markdown_code(split.name), f"{split.sample_count:,}") for split in facts.splits],
        ),
        features=_table(
            ["column", "type", "what it is"], [(f"`{n}`", "text", _FEATURES[n]) for n in CSV_COLUMNS]
        ),
        samples=_picture(pictures, SAMPLES, "Pairs of the variant")
        + f"{markdown_text(pictures.about_samples)}\n",
        scores=_picture(pictures, SCORES, pictures.about_scores),
        stages=_stages(facts),
        missing_scores=_MISSING[facts.missing_scores],
        imputed_scores=_IMPUTED[facts.imputed_scores] + facts.imputed_why,
        held_out=_held_out(facts),
        excluded=_excluded(facts),
        scope="".join(f"- {line}\n" for line in _scope(facts)),
        code=_code(facts.code),
        data=facts.data,
        commit=f", of the commit `{facts.data.commit}` of the hub" if facts.data.commit else "",
        rebuild=_rebuild(facts),
    )


def _picture(pictures: Pictures, path: str, words: str) -> str:
    """A picture with words for who cannot see it, and a blank line; nothing where there is none."""
    return f"![{markdown_text(words)}]({quote(path)})\n\n" if path in pictures.files else ""


def _scope(facts: VariantFacts) -> Iterable[str]:
    """What was left out, or taken in, whatever its scores."""
    for name, within in facts.censored.items():
        yield (
            f"The release has no score of {markdown_code(name)} that its own threshold rejects, in "
            f"{markdown_text(', '.join(within))}: what a looser threshold would give there is not known."
        )
    if facts.overrides:
        yield _overrides(facts)
    if facts.audit:
        yield _audit(facts)
    if facts.settings.get("selection.mode"):
        yield _selection(facts)
    if facts.benchmark:
        yield _benchmark(facts)
    yield from _tuning(facts)
    if themes := facts.settings.get("themes"):
        yield f"Samples of other themes than {markdown_text(str(themes))} were left out."
    if licences := facts.settings.get("licence_allow"):
        yield f"Samples whose videos have other licences than {markdown_text(str(licences))} were left out."
    prefix = "signal_bounds."
    bounds = {
        name.removeprefix(prefix): value for name, value in facts.settings.items() if name.startswith(prefix)
    }
    if bounds:
        said = ", ".join(
            f"{name.replace('.', ' ').replace('at_', 'at ')} {value}" for name, value in bounds.items()
        )
        without = "let through" if facts.settings.get("missing_signals") == "keep" else "left out as well"
        yield f"Samples with signals out of bounds ({markdown_text(said)}) were left out; those without were {without}."


def _selection(facts: VariantFacts) -> str:
    """How samples were selected of those that could be exported."""
    found = {name: facts.settings.get(f"selection.{name}") for name in SelectionParams.model_fields}
    count = facts.counts.row(-1, named=True)["not_selected"]
    limits = [
        f"{name.replace('_', ' ')} {found[name]:,}"
        for name in ("budget", "per_source_clip", "per_prompt")
        if found[name] is not None
    ]
    filled = f"; {found['mode']} by {found['balance']}" if found["budget"] or found["mode"] == "quota" else ""
    rank = markdown_code(str(found["rank_by"])) if found["rank_by"] else "the mean of the primary scores"
    return (
        f"Of the pairs that could be exported {count:,} were not selected: {', '.join(limits) or 'quotas'}{filled}; "
        f"the best of each group first, by {rank}."
    )


def _audit(facts: VariantFacts) -> str:
    """What people found who judged a sample blind: shares of the judged by score bin, of kept and of rejected ones."""
    sides = []
    for passes, words in ((True, "that the thresholds keep"), (False, "that they reject")):
        rows = [row for row in facts.audit if row["passes"] is passes]
        bins = []
        for low in sorted({row["score_bin"] for row in rows}):
            good, judged = (
                sum(row[name] for row in rows if row["score_bin"] == low) for name in ("good", "judged")
            )
            least, most = wilson(good, judged)
            bins.append(f"{good} of {judged} at {low:.1f} to {low + 0.1:.1f} ({least:.2f} to {most:.2f})")
        if bins:
            sides.append(f"of pairs {words} {', '.join(bins)}")
    return (
        f"Judged blind and found good, by the mean score as a share of its scale, with Wilson's interval of 95%: "
        f"{'; '.join(sides)}. By theme: `audit_precision.csv`."
    )


def _overrides(facts: VariantFacts) -> str:
    """What was decided by hand, in a sentence or two."""
    told, total = facts.overrides, facts.counts.row(-1, named=True)
    alpha = "" if told["alpha"] is None else f"; they agree with Krippendorff's alpha {told['alpha']:.2f}"
    stale = f" {told['stale']:,} were made on other content, and not applied." if told["stale"] else ""
    return (
        f"By hand, in `overrides.csv`, {total['hand_dropped']:,} samples that pass were dropped and {total['hand_kept']:,} "
        f"others kept: {told['decisions']:,} decisions of {told['annotators']:,} people, resolved by "
        f"`{told['rule']}`{alpha}.{stale}"
    )


def _benchmark(facts: VariantFacts) -> str:
    """What it shares with the benchmark that models are compared on, and what could not be compared."""
    told, total = facts.benchmark, facts.counts.row(-1, named=True)
    name = markdown_text(told["name"])
    ways = ", ".join(
        f"{likeness.replace('_', ' ')} {counts['release_leaking_count']:,}"
        for likeness, counts in told["compared"].items()
    )
    said = (
        f"{total['benchmark_leaks']:,} samples that are alike to one of the benchmark {name} were left out; of all known "
        f"samples are alike by {ways}."
        if told["policy"] == "drop"
        else f"**Warning: {total['leaking']:,} of these samples are alike to one of the benchmark {name}**, and were kept "
        f"on request; of all known samples are alike by {ways}. Results on it say less of a model that was trained on them."
    )
    lacking = "; ".join(describe_lacking(told))
    return f"{said} **Not compared with it: {lacking}.**" if lacking else said


def _tuning(facts: VariantFacts) -> Iterable[str]:
    """Whether other settings than these were evaluated on a benchmark before, as the ledger says."""
    for name, state in facts.tuned_on_bench.items():
        if state == TunedOnBench.YES:
            yield (
                f"**Tuned on the benchmark {markdown_text(name)} (`tuned_on_bench: yes`):** variants with other settings "
                "were evaluated on it before these were chosen, so its results are not those of data that nobody has seen."
            )
        elif state == TunedOnBench.NO:
            yield (
                f"Not tuned on the benchmark {markdown_text(name)} (`tuned_on_bench: no`): the ledger notes no "
                "evaluation of other settings before."
            )
        else:
            yield (
                f"Whether it was tuned on the benchmark {markdown_text(name)} is unknown (`tuned_on_bench: unknown`): "
                "it was evaluated before there was a ledger, or of what was evaluated the settings are not known."
            )
    if facts.benchmark and facts.benchmark["name"] not in facts.tuned_on_bench:
        yield (
            f"Whether it was tuned on the benchmark {markdown_text(facts.benchmark['name'])} is unknown "
            "(`tuned_on_bench: unknown`): no ledger notes an evaluation on it."
        )


def _themes(facts: VariantFacts) -> list[str]:
    """The themes of the variant's samples."""
    return list(dict.fromkeys(split.theme for split in facts.splits))


def _licence(facts: VariantFacts) -> str:
    """The licence of each theme's videos, then what a reader should know of them."""
    rows = [
        (
            markdown_code(theme),
            *(markdown_text(licence_of(theme, kind).id or UNKNOWN) for kind in PAIR_KINDS),
        )
        for theme in _themes(facts)
    ]
    table = _table(["theme", "source videos", "edited videos"], rows)
    terms = map(markdown_prose, licence_terms(_themes(facts)))
    return "\n\n".join([table, *terms]) + "\n" if rows else "It has no samples.\n"


def _stages(facts: VariantFacts) -> str:
    """A row for each theme and the total: the samples known, those that each stage lets through, those exported."""
    headers = [
        f"{markdown_code(each.name)} {'>=' if each.is_at_least else '<='} {exact(facts.thresholds[each.name])}"
        for each in CRITERIA
    ]
    columns = ["known", *(f"{each.name}_kept" for each in CRITERIA), "exported"]
    rows = [
        [markdown_text(theme), *(f"{count:,}" for count in counts)]
        for theme, *counts in facts.counts.select("theme", *columns).iter_rows()
    ]
    return _table(["theme", "known", *headers, "exported"], rows)


def _excluded(facts: VariantFacts) -> str:
    """How many samples people had removed; nothing where none is."""
    count = facts.data.excluded_count
    return f"- {count:,} {'sample' if count == 1 else 'samples'} excluded on request.\n" if count else ""


def _held_out(facts: VariantFacts) -> str:
    """How validation was kept apart from training, as an item of a list; nothing where nothing was held out."""
    if not facts.settings.get("split.val_share"):
        return ""
    if facts.settings.get("split.grouped_by") == "file":
        return (
            "- **Warning: validation was kept apart by the files of the source clips alone.** A clip that was cut or\n"
            "  encoded anew may stand on both sides of the split; `split.grouped_by=picture` tells those.\n"
        )
    return "- Samples whose source clips look alike are all for training, or all for validation.\n"


def _code(code: CodeVersion) -> str:
    if code.revision is None:
        return "not under git, so its version is not known"
    changed = ",\n  with changes to `src/` or `conf/` that are not committed" if code.is_dirty else ""
    return f"sparkle-curation at git revision `{code.revision}`{changed}"


def _rebuild(facts: VariantFacts) -> str:
    """The commands that make the variant again from a download of the release."""
    lines = ["```bash", rebuild_command(facts), "```"]
    dvc = "With these settings in `conf/base/curate/parameters.yml`, `dvc repro` does the same."
    lacking = " Changes that were not committed are not in it." if facts.code.is_dirty else ""
    return "\n".join([*lines, "", f"{dvc}{lacking}"])


def rebuild_command(facts: VariantFacts) -> str:
    """What to type to make the variant again from a download of the release: a line for each step."""
    thresholds = {exact(facts.thresholds[each.name]) for each in PRIMARY_CRITERIA}
    others = {each.name: facts.thresholds[each.name] for each in CRITERIA if not each.is_primary}
    settings = {
        **(
            {"threshold": thresholds.pop(), **_each(others)}
            if len(thresholds) == 1
            else _each(facts.thresholds)
        ),
        "missing_scores": facts.missing_scores,
        "imputed_scores": facts.imputed_scores,
        **{name: value for name, value in facts.settings.items() if value is not None},
        "release_root": "/path/to/Sparkle",
    }
    params = ",".join(f"{name}={value}" for name, value in settings.items())
    checkout = [f"git checkout {facts.code.revision}"] if facts.code.revision else []
    return "\n".join(
        [
            *checkout,
            *_before_curate(facts),
            f"kedro run --pipelines curate --params {shlex.quote(params)}",
        ]
    )


def _before_curate(facts: VariantFacts) -> list[str]:
    """What is to be run before: `curate` neither measures signals, which takes hours, nor reads a benchmark."""
    compared = facts.benchmark.get("compared", {})
    is_near = compared.get(Likeness.NEAR_DUPLICATE, {}).get("release_compared_count")
    is_bounded = any(name.startswith("signal_bounds.") for name in facts.settings)
    first = [name for name, is_wanted in (("near_duplicates", is_near), ("signals", is_bounded)) if is_wanted]
    root, bench = "release_root=/path/to/Sparkle", "bench_root=/path/to/benchmark"
    return [
        *(
            [f"kedro run --pipelines {','.join(['ingest,inspect', *first])} --params {root}"]
            if first or compared
            else []
        ),
        *([f"kedro run --pipelines bench_ingest --params {bench}"] if compared else []),
    ]


def _each(thresholds: Mapping[str, float]) -> dict[str, str]:
    return {f"thresholds.{name}": exact(value) for name, value in thresholds.items()}


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
