"""The tables of rescores: what a judge of this project gave, in the columns of the release, and where it is from."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.stages import STAGES, Stage
from sparkle_curation.spec.tables.ingested import COLUMNS, ID, THEME

NO_PROMPT = "no_prompt"
"""Fault of a sample whose editing instruction nobody knows."""

TOO_SHORT = "too_short"
"""Fault of a video with too few frames."""

NOT_ASKED = "not_asked"
"""Fault of a sample that the run was not to score: another stage, or beyond the limit."""

NOT_TABULATED = "not_tabulated"
"""Fault of a sample of whose answers in the journal no row can be made."""

PROVENANCE: tuple[Field, ...] = (
    Field(
        "fault",
        "text",
        "Why there is no score: a code of the media, of the strict parser or of the model, "
        f"`{NO_PROMPT}`, `{TOO_SHORT}`, `{NOT_ASKED}` or `{NOT_TABULATED}`; null where there is one.",
        is_optional=True,
    ),
    Field("fault_detail", "text", "What was seen of the fault.", is_optional=True),
    Field("tries", "integer", "How often the most stubborn answer was asked for; 0 where nothing was asked."),
    Field("raw_texts", ListOf("text"), "Every answer as it came: by frame, then pass, then SC and PQ."),
    Field("backend", "text", "`transformers` or `server`."),
    Field("model", "text", "Name of the model."),
    Field("revision", "text", "Its commit; of a local folder the digest of its files."),
    Field("adapter", "text", "Name of the adapter; null for none.", is_optional=True),
    Field("adapter_revision", "text", "Its commit or digest.", is_optional=True),
    Field(
        "instructions_origin",
        "text",
        "Whose texts the judge was asked with: `own`, or `editscore` and its version.",
    ),
    Field("instructions_digest", "text", "xxh3-128 of these texts."),
    Field(
        "settings", "text", "JSON object of all else that a score depends on: range, passes, seeds, sampling."
    ),
    Field("source_digest", "text", "`index_hash` of the asset before the edit.", is_optional=True),
    Field("edited_digest", "text", "`index_hash` of the asset after it.", is_optional=True),
)

_ALSO_MISSING = ("prompt", "editscore")
_OF_A_FILE = ("source_line", "extra_fields")


def _rescored(stage: Stage) -> tuple[Field, ...]:
    """The released columns, of which a sample without a score lacks the scores, and the provenance."""
    values = [criterion.score_column for criterion in stage.criteria]
    released = [field for field in COLUMNS[stage.table] if field.name not in (*_OF_A_FILE, "id", "theme")]
    columns = [
        Field(
            field.name,
            field.type,
            field.description,
            is_optional=field.is_optional or field.name in (*_ALSO_MISSING, *values, "frame_indices"),
            minimum=field.minimum,
            maximum=field.maximum,
        )
        for field in released
    ]
    return (ID, THEME, *columns, *PROVENANCE)


RESCORED_TABLES: dict[str, tuple[Field, ...]] = {
    f"rescored_{stage.table}": _rescored(stage) for stage in STAGES
}
"""Columns of each table of rescores: one row per sample that has the edited asset of the stage."""
