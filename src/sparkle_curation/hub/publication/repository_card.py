"""The card of a published variant: that of the variant, with how to load it, read a video back, and what nobody has said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sparkle_curation.escaping import markdown_text
from sparkle_curation.hub.publication import contents
from sparkle_curation.hub.publication.responsible_ai import ResponsibleAI
from sparkle_curation.spec.layout import PROMPTS_FOLDER
from sparkle_curation.variant.card.front_matter import Published
from sparkle_curation.variant.card.writing import write_card
from sparkle_curation.variant.facts import Split, VariantFacts
from sparkle_curation.variant.pictures import Pictures

_ENDPOINT = "https://huggingface.co"
_ABOUT = {
    contents.SAMPLES: "a row per pair: prompt, keyword, scene, scores, paths",
    contents.REFERENCES: "a row per pair and kind of asset: repository, commit, file, offset and size on the hub",
    contents.PREVIEW: "some pairs with the bytes of their videos, to be looked at",
}

_SECTIONS = """\
## What is here

| configuration of `datasets` | what it is |
|---|---|
{table}

```python
from datasets import load_dataset

samples = load_dataset("{name}", "samples", split="{split}")
```

The CSVs that Kiwi-Edit trains with are in `{prompts}/`.

{shards}`croissant.json` describes the tables as [Croissant](https://mlcommons.org/croissant/); `variant.json` says how the
variant was made.

## How to read a video

A reference names bytes of a file on the hub, so one video needs one request and no shard:

```python
from urllib.request import Request, urlopen

from datasets import load_dataset

row = load_dataset("{name}", "references", split="{split}")[0]
url = f"{endpoint}/datasets/{{row['repository']}}/resolve/{{row['commit']}}/{{row['file']}}"
part = f"bytes={{row['offset']}}-{{row['offset'] + row['size'] - 1}}"
video = urlopen(Request(url, headers={{"Range": part}})).read()
```

{notes}## Responsible AI

What is known stands in `croissant.json` under `rai:`. {unfilled}

"""


_SHARDS = """\
Shards with the videos (`{{id}}.source.mp4`, `{{id}}.edited.mp4`, `{{id}}.json`; other media as `{{id}}.KIND.npz` or `.mp4`)
are in `webdataset/`:

```python
from datasets import load_dataset

shards = "hf://datasets/{name}/webdataset/*.tar"
pairs = load_dataset("webdataset", data_files=shards, split="train", streaming=True)
```

"""


def configurations(paths: Collection[str], splits: Sequence[Split]) -> list[dict[str, Any]]:
    """Name and files of each way to load a publication, as hubs read them; the first one is the default.

    All are Parquet: `datasets` takes one format for a whole repository, so CSVs and shards are named in words alone.

    Args:
        paths: of its files.
        splits: of the variant.
    """
    found: list[dict[str, Any]] = []
    for name in (contents.SAMPLES, contents.REFERENCES, contents.PREVIEW):
        paths_of = {split.name: f"{name}/{split.name}.parquet" for split in splits}
        files = [{"split": split, "path": path} for split, path in paths_of.items() if path in paths]
        if files:
            found.append({"config_name": name, "data_files": files})
    found[0]["default"] = True
    return found


def write_repository_card(
    facts: VariantFacts, name: str, paths: Collection[str], responsible: ResponsibleAI, notes: Sequence[str]
) -> str:
    """The card of a repository.

    Args:
        facts: of the variant.
        name: of the repository.
        paths: of its files, but the card.
        responsible: what is said for responsible AI, and what is not.
        notes: further sentences.
    """
    configs = configurations(paths, facts.splits)
    has_shards = any(path.startswith(f"{contents.WEBDATASET}/") for path in paths)
    unfilled = ", ".join(f"`{each}`" for each in responsible.unfilled)
    sections = _SECTIONS.format(
        name=name,
        endpoint=_ENDPOINT,
        split=facts.splits[0].name,
        table="\n".join(f"| `{each['config_name']}` | {_ABOUT[each['config_name']]} |" for each in configs),
        prompts=PROMPTS_FOLDER,
        shards=_SHARDS.format(name=name) if has_shards else "",
        notes="".join(f"{markdown_text(note)}\n\n" for note in notes),
        unfilled=f"Nobody has said anything for {unfilled}." if unfilled else "Every member is filled.",
    )
    where = (
        f"Videos are in `{contents.WEBDATASET}/`"
        if has_shards
        else f"The videos are not here but for those of `{contents.PREVIEW}/`"
        if any(each["config_name"] == contents.PREVIEW for each in configs)
        else "The videos are not here"
    )
    pictures = Pictures(about_samples="Pictures of samples are not published.")
    return write_card(facts, pictures, Published(configs, where, sections))
