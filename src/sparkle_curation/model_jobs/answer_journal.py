"""What the journals of judges hold: a job with all its answers, or why it could not be asked about."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from sparkle_curation.engine.journal.journal import KEY
from sparkle_curation.media.assets import Failure

_SHOWN_CHARS = 200


def journal_schema(**places: pa.DataType) -> pa.Schema:
    """The columns of a journal of answers.

    Args:
        places: what tells, beside its order, where an answer belongs.
    """
    said = {"text": pa.string(), "fault": pa.string(), "tries": pa.int32()}
    answer = pa.struct([*places.items(), *said.items()])
    columns = {
        KEY: pa.string(),
        "answers": pa.list_(answer),
        "error": pa.string(),
        "error_detail": pa.string(),
    }
    return pa.schema(list(columns.items()))


def unread(failure: Failure) -> dict[str, Any]:
    """What is noted of a job whose pictures could not be read."""
    return {"answers": [], "error": failure.error, "error_detail": failure.detail}


def tell_answer(place: str, answer: dict[str, Any]) -> str:
    """Where an answer is none, on which try, and how it begins."""
    return f"{place}, try {answer['tries']}: {answer['text'][:_SHOWN_CHARS]}"
