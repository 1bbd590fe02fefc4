"""``agreement``: how the release's scores and those of this project's own judge agree."""
