"""The tables of rescores: what a judge of this project gave, in the columns of the release, and where it is from."""

from __future__ import annotations

from sparkle_curation.spec.fields import Field, ListOf
from sparkle_curation.spec.stages import STAGES, Stage
from sparkle_curation.spec.tables.ingested import COLUMNS, ID, THEME

NO_PROMPT = "no_prompt"
"""Fault of a sample whose edit prompt is unknown."""

TOO_SHORT = "too_short"
"""Fault of a video with too few frames."""

NOT_ASKED = "not_asked"
"""Fault of a sample that the run was not to score: another stage, or beyond the limit."""

NOT_TABULATED = "not_tabulated"
"""Fault of a sample of whose answers in the journal no row can be made."""

PROVENANCE: tuple[Field, ...] = (
    Field(
        "fault",
        "string",
        "Why there is no score: a code of the media, of the strict parser or of the model, "
        f"`{NO_PROMPT}`, `{TOO_SHORT}`, `{NOT_ASKED}` or `{NOT_TABULATED}`, of groundings of a draft `not_passed` or "
        "`not_judged` as in `generated`; null where there is one.",
        is_optional=True,
    ),
    Field("fault_detail", "string", "What was seen of the fault.", is_optional=True),
    Field("tries", "int32", "How often the most stubborn answer was asked for; 0 where nothing was asked."),
    Field("raw_texts", ListOf("string"), "Every answer as it came: by frame, then pass, then SC and PQ."),
    Field("backend", "string", "`transformers` or `server`."),
    Field("model", "string", "Name of the model."),
    Field("revision", "string", "Its commit; of a local folder the digest of its files."),
    Field("adapter", "string", "Name of the adapter; null for none.", is_optional=True),
    Field("adapter_revision", "string", "Its commit or digest.", is_optional=True),
    Field(
        "prompt_template_origin",
        "string",
        "Whose texts the judge was asked with: `own`, or `editscore` and its version.",
    ),
    Field("prompt_template_digest", "string", "xxh3-128 of these texts."),
    Field(
        "settings",
        "string",
        "JSON object of all else that a score depends on: range, passes, seeds, sampling.",
    ),
    Field("source_digest", "string", "`index_hash` of the asset before the edit.", is_optional=True),
    Field("edited_digest", "string", "`index_hash` of the asset after it.", is_optional=True),
)

OPEN = "open"
"""Fault of a sample whose first pass leaves the outcome open, and that was not asked about further."""

ADAPTIVE: tuple[Field, ...] = (
    Field(
        "adaptive_score",
        "float64",
        "Of a run with `score.passes=adaptive`, the primary score as the mean of `adaptive_passes` passes: no other column "
        "has it, since a mean of one pass is another measure than one of all.",
        is_optional=True,
    ),
    Field(
        "adaptive_passes",
        "int32",
        "1 where the first pass decided, else all of them; null where there is no such score.",
        is_optional=True,
    ),
    Field(
        "adaptive_is_kept", "bool", "Whether the stage's thresholds keep the sample by it.", is_optional=True
    ),
    Field(
        "adaptive_fault",
        "string",
        f"Why there is none: a code as in `fault`, or `{OPEN}` where the first pass decides nothing and no other was asked "
        "for; null where there is one, and where the first pass was never asked for.",
        is_optional=True,
    ),
    Field(
        "adaptive_settings",
        "string",
        "JSON object of the rule: margin, passes of a sample that is left open, thresholds.",
        is_optional=True,
    ),
)

PER_REQUEST = Field(
    "answers_per_request",
    "int32",
    "The most answers that came of one request of a server: 1 where each pass was asked for by itself, with a seed of its "
    "own; more where they share the seed of the first and the server draws each in its own way; null where none was.",
    is_optional=True,
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
    return (ID, THEME, *columns, *PROVENANCE, PER_REQUEST, *ADAPTIVE)


RESCORED_TABLES: dict[str, tuple[Field, ...]] = {
    f"rescored_{stage.table}": _rescored(stage) for stage in STAGES
}
"""Columns of each table of rescores: one row per sample that has the edited asset of the stage."""
