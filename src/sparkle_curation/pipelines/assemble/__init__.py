"""``assemble``: new samples become a release in the published layout."""
