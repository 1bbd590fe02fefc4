"""The samples that a record gives: their ids, prompts and direction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xxhash import xxh3_64_intdigest

from sparkle_curation.ingest.faults import Fault
from sparkle_curation.ingest.jsonl.line_decoder import LineFaultError
from sparkle_curation.ingest.shapes.records import Record
from sparkle_curation.spec.codes.quarantine_reasons import Reason
from sparkle_curation.spec.sample_ids import ID_DIGITS, SampleId
from sparkle_curation.spec.shape.description import RecordIdentity, SampleForm, Shape
from sparkle_curation.spec.shape.paths import fill, member, members_of


@dataclass(frozen=True)
class Sample:
    """One sample of a record.

    Attributes:
        id: its id.
        prompt: the edit prompt.
        form: which of the record's samples it is.
        identity: what the record is told apart by, as text.
        record: the record.
    """

    id: str
    prompt: str
    form: SampleForm
    identity: str
    record: Record


def samples_of(record: Record, shape: Shape, theme: str) -> Iterator[Sample | Fault]:
    """Each sample that a record gives, or why it gives it not."""
    try:
        identity = identity_of(record.members, shape)
    except LineFaultError as error:
        yield _fault(record, error)
        return
    for form in shape.samples:
        sample_id = id_of(identity, theme, form.name)
        prompt = member(record.members, form.prompt)
        if prompt in (None, "") and form.optional:
            continue
        try:
            yield Sample(sample_id, text_of(prompt, form.prompt), form, identity, record)
        except LineFaultError as error:
            yield _fault(record, error, sample_id)


def identity_of(members: Mapping[str, Any], shape: Shape) -> str:
    """What a record is told apart by, as text: of prompt and files where nothing else is described.

    Raises:
        LineFaultError: the record lacks it.
    """
    if shape.identity is not None:
        return described_identity(members, shape.identity)
    paths = [shape.samples[0].prompt]
    for media in shape.media.values():
        paths += [media.path] if media.path else members_of(media.template) if media.template else []
    return _joined(members, list(dict.fromkeys(paths)))


def described_identity(members: Mapping[str, Any], identity: RecordIdentity) -> str:
    """What a record is told apart by, as it is described; raises as ``identity_of``."""
    if identity.column is not None:
        return _text_or_number(members, identity.column)
    if identity.template is not None:
        texts = {path: _text_or_number(members, path) for path in members_of(identity.template)}
        return fill(identity.template, texts)
    return _joined(members, list(identity.content or ()))


def id_of(identity: str, theme: str, form: str | None = None) -> str:
    """The id of a sample; that of another form of a record is another.

    >>> id_of("a", "x") == id_of("a", "x"), id_of("a", "x") == id_of("a", "x", "backwards")
    (True, False)
    """
    text = identity if form is None else f"{identity}\0{form}"
    return str(SampleId(theme, xxh3_64_intdigest(text.encode("utf-8", "surrogatepass")) % 10**ID_DIGITS))


def text_of(value: Any, path: str) -> str:
    """A text that is not blank.

    Raises:
        LineFaultError: it is something else, or is not there.
    """
    where = f"$.{path}"
    if value is None or (isinstance(value, str) and not value.strip()):
        raise LineFaultError(Reason.MISSING_FIELD, f"{where} is absent, null or empty; it is required", where)
    if not isinstance(value, str):
        raise LineFaultError(Reason.WRONG_TYPE, f"{where}: got {str(value)[:80]}, allowed a text", where)
    return value


def _text_or_number(members: Mapping[str, Any], path: str) -> str:
    value = member(members, path)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_of(value, path)


def identity_members(identity: RecordIdentity) -> list[str]:
    """The members that records are told apart by.

    >>> identity_members(RecordIdentity(template="{a}_{b.c}"))
    ['a', 'b.c']
    """
    if identity.column is not None:
        return [identity.column]
    return members_of(identity.template) if identity.template else list(identity.content or ())


def _joined(members: Mapping[str, Any], paths: list[str]) -> str:
    values = [member(members, path) for path in paths]
    if all(value in (None, "") for value in values):
        where = f"$.{paths[0]}"
        raise LineFaultError(
            Reason.MISSING_FIELD,
            f"{', '.join(paths)} are all absent or empty: a record has one of them",
            where,
        )
    return json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)


def _fault(record: Record, error: LineFaultError, sample_id: str | None = None) -> Fault:
    return record.fault(error.reason, error.detail, json_path=error.json_path, sample_id=sample_id)
