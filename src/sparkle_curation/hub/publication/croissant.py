"""Croissant metadata of a published variant: its files with their hashes, the columns of its tables, responsible AI.

Source: Croissant 1.0 and its RAI vocabulary; ``mlcroissant`` validates and reads what is made here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sparkle_curation.hub.publication.contents import REFERENCES, SAMPLES
from sparkle_curation.hub.publication.responsible_ai import ResponsibleAI
from sparkle_curation.hub.publication.tables import REFERENCE_COLUMNS, SAMPLE_COLUMNS
from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.fields import Field
from sparkle_curation.variant.bibliography import write_bibtex
from sparkle_curation.variant.facts import VariantFacts

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            *(
                "citeAs",
                "column",
                "equivalentProperty",
                "extract",
                "field",
                "fileProperty",
                "fileObject",
                "fileSet",
            ),
            *(
                "format",
                "includes",
                "isLiveDataset",
                "jsonPath",
                "key",
                "md5",
                "parentField",
                "path",
                "recordSet",
            ),
            *(
                "references",
                "regex",
                "repeated",
                "replace",
                "samplingRate",
                "separator",
                "source",
                "subField",
                "transform",
            ),
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "sc": "https://schema.org/",
}
_TYPES = {
    "string": "sc:Text",
    "int64": "sc:Integer",
    "int32": "sc:Integer",
    "float64": "sc:Float",
    "bool": "sc:Boolean",
}
_COLUMNS: Mapping[str, Sequence[Field]] = {SAMPLES: SAMPLE_COLUMNS, REFERENCES: REFERENCE_COLUMNS}
_LICENCES = {"cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/"}


def write_croissant(
    facts: VariantFacts, tables: Mapping[str, bytes], responsible: ResponsibleAI, name: str
) -> str:
    """The metadata as JSON, with a record set for each table.

    Args:
        facts: of the variant.
        tables: Parquet files by their paths, ``samples/{split}.parquet`` and ``references/{split}.parquet``.
        responsible: what is said for responsible AI.
        name: of the repository, or of the dataset where it has none.
    """
    about = dataset()
    licence = facts.joint_licence
    members = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": name.rpartition("/")[2],
        "description": f"{facts.sample_count:,} source/edited video pairs of {about.title}, {about.summary}, kept by "
        f"thresholds on their scores. References to the media of the release, which are not in here.",
        "license": _LICENCES.get(licence, licence),
        "version": f"1.0.0+{facts.version}",
        "citeAs": write_bibtex(facts).strip(),
        "keywords": list(about.tags),
        **({"url": f"https://huggingface.co/datasets/{name}"} if "/" in name else {}),
        **{f"rai:{member}": value for member, value in responsible.members.items()},
        "distribution": [_file(path, data) for path, data in tables.items()],
        "recordSet": [_record_set(path) for path in tables],
    }
    return json.dumps(members, indent=2, ensure_ascii=False) + "\n"


def _file(path: str, data: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": path,
        "name": path,
        "contentUrl": path,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "application/x-parquet",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _record_set(path: str) -> dict[str, Any]:
    table, _, file = path.partition("/")
    name = f"{table}_{file.removesuffix('.parquet')}"
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "key": [{"@id": f"{name}/{key}"} for key in _key(table)],
        "field": list(_fields(name, path, _COLUMNS[table])),
    }


def _key(table: str) -> tuple[str, ...]:
    return ("id",) if table == SAMPLES else ("id", "kind")


def _fields(name: str, path: str, columns: Iterable[Field]) -> Iterable[dict[str, Any]]:
    for column in columns:
        yield {
            "@type": "cr:Field",
            "@id": f"{name}/{column.name}",
            "name": column.name,
            "description": column.description,
            "dataType": _TYPES[str(column.type)],
            "source": {"fileObject": {"@id": path}, "extract": {"column": column.name}},
        }
