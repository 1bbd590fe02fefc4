"""``edit_frame0``: the edited first frames, by a model that edits pictures (stage 2)."""
