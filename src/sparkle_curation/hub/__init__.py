"""The model hub: a release, or the part of it that is needed, brought from there; a variant published there."""
