"""Under which licence the parts of the dataset may be passed on, as its description has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sparkle_curation.spec.description.active import dataset
from sparkle_curation.spec.description.parts import Licence
from sparkle_curation.spec.layout import KIND

UNKNOWN = "unknown"
"""What stands for a licence that the description does not know; it is never taken for a permissive one."""

OTHER = "other"
"""What hubs call a licence of several parts, or one that they have no name for."""

LICENCES_MEMBER = "$.licences"
"""JSON path of a member of metadata that the card does not name: the licences of a new sample, a list of texts."""

PAIR_KINDS = (KIND.source_video, KIND.edited_video)
"""The assets that a row of a training CSV refers to."""


def described_licences() -> list[str]:
    """The licences that the description has, and ``unknown``, sorted."""
    return sorted({UNKNOWN, *(each.id for each in dataset().licences if each.id)})


def licence_of(theme: str, kind: str) -> Licence:
    """The first licence that fits a theme and an asset kind; an unknown one where none does."""
    fitting = (
        licence
        for licence in dataset().licences
        if theme in (licence.themes or (theme,)) and kind in (licence.assets or (kind,))
    )
    return next(fitting, Licence(id=None))


def licence_ids(theme: str, kinds: Sequence[str] = PAIR_KINDS) -> tuple[str, ...]:
    """The licences of a theme's assets, each once: ids as hubs write them, or ``unknown``."""
    return tuple(dict.fromkeys(licence_of(theme, kind).id or UNKNOWN for kind in kinds))


def joint_licence(licences: Iterable[str]) -> str:
    """The licence of what has these licences, together: the only one, else ``other``.

    >>> joint_licence([]), joint_licence(["mit", "mit"]), joint_licence(["mit", "unknown"]), joint_licence(["unknown"])
    ('other', 'mit', 'other', 'other')
    """
    ids = set(licences)
    return ids.pop() if len(ids) == 1 and UNKNOWN not in ids else OTHER


def licence_terms(themes: Iterable[str]) -> list[str]:
    """What a reader should know of the licences of some themes, each sentence once, in the order of the description."""
    used = {licence_of(theme, kind).terms for theme in themes for kind in PAIR_KINDS}
    return [each.terms for each in reversed(dataset().licences) if each.terms and each.terms in used]


def allowed_themes(themes: Iterable[str], licence_allow: Sequence[str] | None) -> list[str]:
    """Those of the themes whose pairs have allowed licences alone; all where nothing is asked."""
    return [
        theme for theme in themes if licence_allow is None or set(licence_ids(theme)) <= set(licence_allow)
    ]
