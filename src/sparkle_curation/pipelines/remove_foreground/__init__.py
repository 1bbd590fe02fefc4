"""``remove_foreground``: the edited first frames without their foreground (stage 3, first half)."""
