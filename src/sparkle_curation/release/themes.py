"""The five themes of the release.

Source: dataset card, "Dataset" and "Training Data Format".
"""

from __future__ import annotations

THEMES: tuple[str, ...] = ("location", "season", "time", "style", "openve3m")
"""All themes, in the order of the card; every table and report keeps this order."""

METADATA_EDIT_TYPES: dict[str, str] = {
    **{theme: theme for theme in THEMES},
    "openve3m": "openve3m_background_change",
}
"""Theme -> the value of ``metadata.edit_type``. The groundings say plain ``openve3m``; the metadata does not."""
