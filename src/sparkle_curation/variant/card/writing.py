"""The card of a variant: the ``README.md`` that dataset hubs show and read, from facts to text.

The same facts give the same text: there is no date in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from sparkle_curation.escaping import markdown_code, markdown_prose, markdown_text
from sparkle_curation.filtering.verdicts import ImputedScores, MissingScores
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.licences import PAIR_KINDS, UNKNOWN, licence_of, licence_terms
from sparkle_curation.spec.number_text import exact
from sparkle_curation.spec.sample_ids import ID_FORM
from sparkle_curation.spec.stages import CRITERIA
from sparkle_curation.spec.tables.ingested import ANNOTATION_COLUMNS, CSV_COLUMNS
from sparkle_curation.variant.bibliography import write_bibtex
from sparkle_curation.variant.card.front_matter import Published, front_matter
from sparkle_curation.variant.card.left_out import left_out
from sparkle_curation.variant.card.rebuild import rebuild_command
from sparkle_curation.variant.facts import VariantFacts
from sparkle_curation.variant.pictures import SAMPLES, SCORES, Pictures
from sparkle_curation.variant.provenance import CodeVersion

CARD_NAME = "README.md"
"""Name of the file that hubs look for, in the folder that the paths of a card are relative to."""


def write_card(
    facts: VariantFacts, pictures: Pictures | None = None, published: Published | None = None
) -> str:
    """The card: YAML for the hub, then Markdown for people, with the pictures that lie beside it."""
    body = _body(facts, pictures or Pictures(), published)
    return f"---\n{front_matter(facts, published)}\n---\n\n{body}"


_FEATURES = {
    "prompt": "The edit prompt.",
    **{
        field.name: field.description
        for field in ANNOTATION_COLUMNS
        if field.name in ("src_video", "tgt_video")
    },
    "task": f"Sample id, {markdown_code(ID_FORM)}.",
}

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
        scope="".join(f"- {line}\n" for line in left_out(facts)),
        code=_code(facts.code),
        data=facts.data,
        commit=f", of the commit `{facts.data.commit}` of the hub" if facts.data.commit else "",
        rebuild=_rebuild(facts),
    )


def _picture(pictures: Pictures, path: str, words: str) -> str:
    """A picture with words for who cannot see it, and a blank line; nothing where there is none."""
    return f"![{markdown_text(words)}]({quote(path)})\n\n" if path in pictures.files else ""


def _licence(facts: VariantFacts) -> str:
    """The licence of each theme's videos, then what a reader should know of them."""
    rows = [
        (
            markdown_code(theme),
            *(markdown_text(licence_of(theme, kind).id or UNKNOWN) for kind in PAIR_KINDS),
        )
        for theme in facts.themes
        if not facts.is_all_own(theme)
    ]
    table = _table(["theme", "source videos", "edited videos"], rows)
    terms = map(markdown_prose, licence_terms(theme for theme in facts.themes if not facts.is_all_own(theme)))
    parts = [*([table] if rows else []), *_own_licences(facts), *terms]
    return "\n\n".join(parts) + "\n" if facts.themes else "It has no samples.\n"


def _own_licences(facts: VariantFacts) -> Iterator[str]:
    """The licences that samples have of their own, whatever their theme has; nothing where none has."""
    rows = [
        (markdown_code(theme), markdown_text(words), f"{count:,}")
        for theme, counts in facts.own_licences.items()
        for words, count in counts.items()
    ]
    if rows:
        yield (
            "New samples have licences of their own instead, all of which hold: that of the clip, and those of "
            "the weights of the models that made a file. `unknown` is no permission."
        )
        yield _table(["theme", "licences", "pairs"], rows)


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


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
