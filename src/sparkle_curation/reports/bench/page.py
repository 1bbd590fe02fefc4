"""A page of the benchmark's samples: source and outputs of all models side by side, with scores and the judge's words.

One file without scripts: what is shown of all samples is the one behind ``#`` of the address. Videos are not in it; they
are looked for where they lay when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from sparkle_curation.bench.results.panel import JUDGED
from sparkle_curation.escaping import visible
from sparkle_curation.pages.palette import colours_css
from sparkle_curation.reports.bench.numbers import number, title_of
from sparkle_curation.spec.codes.bench_reasons import OutputState
from sparkle_curation.spec.themes import in_order

_TEMPLATE = "bench_page.html.jinja"
_KEYS = ["model", "sample_id", "rubric", "judge", "repeat"]


def write_bench_page(
    bench: str,
    samples: pl.DataFrame,
    outputs: pl.DataFrame,
    judgments: pl.DataFrame,
    scores: pl.DataFrame,
    bench_root: str,
    model_roots: Mapping[str, str] | None = None,
) -> str:
    """The page in HTML.

    Args:
        bench: name of the benchmark.
        samples: of it: ``sample_id``, ``theme``, ``subtheme``, ``scene``, ``edit_prompt``, ``source_path``.
        outputs: ``model``, ``sample_id``, ``path``, ``state`` and ``error_detail``, where they are known.
        judgments: with ``state`` and ``answer_text``.
        scores: of the judged, ``raw_score`` before the cap where that is known.
        bench_root: folder of the benchmark.
        model_roots: folder of each model's outputs, by its name, as far as they are given.
    """
    from jinja2 import Environment, FileSystemLoader  # noqa: PLC0415 -- only who writes the page pays for it
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["visible"] = lambda text: visible(str(text), keep="\n\t")
    found = describe_samples(samples, outputs, judgments, scores, bench_root, model_roots or {})
    themes = [
        {"name": theme, "samples": [each for each in found if each["theme"] == theme]}
        for theme in in_order(samples["theme"])
    ]
    models = judgments["model"].unique().sort().to_list()
    return environment.get_template(_TEMPLATE).render(
        bench=bench,
        models=models,
        themes=themes,
        samples=found,
        colours=Markup(colours_css()),  # noqa: S704 -- of the palette alone
    )


def describe_samples(
    samples: pl.DataFrame,
    outputs: pl.DataFrame,
    judgments: pl.DataFrame,
    scores: pl.DataFrame,
    bench_root: str,
    model_roots: Mapping[str, str],
    address: Callable[[str | None], str | None] | None = None,
) -> list[dict[str, Any]]:
    """Each sample of the benchmark as pages show it: its columns, its source, and what each model and judge made of it.

    Args:
        samples: as ``write_bench_page``, like the five that follow.
        outputs: of the models.
        judgments: of the outputs.
        scores: of the judged.
        bench_root: folder of the benchmark.
        model_roots: folders of outputs.
        address: how the page asks for the file of a path; None for where it lies here.
    """
    address = address or _address
    answers, shown = _answers(judgments, scores), _shown(outputs, model_roots)
    found = []
    names = sorted({answer["model"] for of_sample in answers.values() for answer in of_sample})
    for row in samples.to_dicts():
        models: dict[str, dict[str, Any]] = {}
        for answer in answers.get(row["sample_id"], []):
            path, absent = shown.get((answer["model"], row["sample_id"]), (None, None))
            model = models.setdefault(
                answer["model"],
                {
                    "name": answer["model"],
                    "video": address(path),
                    "absent": absent or "the output is not known here",
                    "copy_of": answer["copy_of"],
                    "answers": [],
                },
            )
            model["answers"].append(answer)
        found.append(
            {
                **row,
                "source": None
                if row.get("source_error") or not row.get("source_path")
                else address(f"{bench_root}/{row['source_path']}"),
                "source_absent": f"the source is {title_of(row.get('source_error') or OutputState.MISSING.value)}",
                "models": list(models.values()),
                "overall": " / ".join(_first_overall(models.get(name)) for name in names),
            }
        )
    return found


def _first_overall(model: Mapping[str, Any] | None) -> str:
    return str(model["answers"][0]["shown_overall"]) if model else number(None)


def _answers(judgments: pl.DataFrame, scores: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The judgments of each sample, with scores by dimension."""
    by_answer = {
        key: group.select("dimension", "raw_score", "capped_score").to_dicts()
        for key, group in scores.group_by(_KEYS, maintain_order=True)
    }
    found: dict[str, list[dict[str, Any]]] = {}
    for row in judgments.sort(_KEYS).to_dicts():
        of_one = by_answer.get(tuple(row[name] for name in _KEYS), []) if row["state"] == JUDGED else []
        capped = [each["capped_score"] for each in of_one]
        found.setdefault(row["sample_id"], []).append(
            {
                **row,
                "state": title_of(row["state"]),
                "scores": [{**each, "title": title_of(each["dimension"])} for each in of_one],
                "shown_overall": number(sum(capped) / len(capped) if capped else None),
            }
        )
    return found


def _shown(
    outputs: pl.DataFrame, model_roots: Mapping[str, str]
) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """By model and sample the path of the output, or in words why there is none to show."""
    found: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    for row in outputs.iter_rows(named=True):
        if row["state"] == OutputState.THERE.value and row["path"] is not None:
            found[row["model"], row["sample_id"]] = _whole(row["model"], row["path"], model_roots)
        else:
            detail = row.get("error_detail")
            told = f"the output is {title_of(row['state'])}{f': {detail}' if detail else ''}"
            found[row["model"], row["sample_id"]] = None, told
    return found


def _whole(model: str, path: str, model_roots: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The path of an output where it lies: the table has it from the folder of its model."""
    if Path(path).is_absolute() or "://" in path:
        return path, None
    if model in model_roots:
        return f"{model_roots[model]}/{path}", None
    return None, f"the folder of its outputs is not given: --params bench_models.{model}=/path/to/its/outputs"


def _address(path: str | None) -> str | None:
    """The address of a file here; one that lies behind a URL is used as it is."""
    if path is None or "://" in path:
        return path
    return Path(path).absolute().as_uri()
