"""``download``: brings a release, or the part of it that is needed, from the hub into a folder."""
