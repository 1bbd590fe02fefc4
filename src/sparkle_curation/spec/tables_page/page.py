"""The page, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sparkle_curation.spec.fields import Field, FieldType, ListOf, Struct
from sparkle_curation.spec.tables_page.codes import CODE_TABLES
from sparkle_curation.spec.tables_page.described import DESCRIBED, FOLDERS
from sparkle_curation.spec.tables_page.outputs import OTHERS

_HEAD = """\
# Tables

Made by `python -m sparkle_curation.spec.tables_page > docs/tables.md`; do not edit.
Files lie below the data root, `data/` unless `data_root` says otherwise. Reports, and what is no table, stand
under [Other outputs](#other-outputs); codes stand at the end.
Columns of the release keep their published names. A table that grows is a folder of Parquet files, read like
one file: `pl.read_parquet(folder)`, `duckdb: from 'folder/**/*.parquet'`.
"""


def tables_page() -> str:
    """The page as Markdown: each table's file, grain and columns, then the other outputs and the codes."""
    return "\n".join([_HEAD, *_described(), *_others(), *_codes()])


def _described() -> Iterator[str]:
    for name, (file, grain, columns) in DESCRIBED.items():
        if name in FOLDERS:
            place = f"Folder: `{file}`, with {FOLDERS[name]}. Grain: {grain}."
        else:
            place = f"File: `{file}`. Grain: {grain}."
        rows = (row for column in columns for row in _column(column, column.name))
        yield f"## {name}\n\n{place}\n\n{_table(['column', 'type', 'meaning'], rows)}"


def _others() -> Iterator[str]:
    rows = ([f"`{name}`", f"`{file}`", meaning] for name, (file, meaning) in OTHERS.items())
    yield f"## Other outputs\n\n{_table(['output', 'file', 'what it is'], rows)}"


def _codes() -> Iterator[str]:
    for title, codes, more in ((each.title, each.codes, each.more) for each in CODE_TABLES):
        rows = ([f"`{code}`", code.meaning, *(told(code) for told in more.values())] for code in codes)
        yield f"## {title}\n\n{_table(['code', 'meaning', *more], rows)}"


def _table(titles: list[str], rows: Iterable[list[str]]) -> str:
    lines = (f"| {' | '.join(cells)} |" for cells in (titles, *rows))
    head = next(lines)
    return "\n".join([head, "|" + "---|" * len(titles), *lines, ""])


def _column(field: Field, path: str) -> Iterator[list[str]]:
    null = ", or null" if field.is_optional else ""
    yield [f"`{path}`", f"{_shown(field.type)}{null}", f"{field.description}{_bounds(field)}"]
    element = field.type
    while isinstance(element, ListOf):
        path, element = f"{path}[]", element.element
    if isinstance(element, Struct):
        for member in element.fields:
            yield from _column(member, f"{path}.{member.name}")


def _shown(field_type: FieldType) -> str:
    if isinstance(field_type, ListOf):
        return f"list of {_shown(field_type.element)}"
    return "struct" if isinstance(field_type, Struct) else field_type


def _bounds(field: Field) -> str:
    if field.minimum is None:
        return ""
    return (
        f" From {field.minimum:g} to {field.maximum:g}."
        if field.maximum is not None
        else f" {field.minimum:g} or more."
    )
