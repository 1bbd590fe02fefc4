"""A variant of the dataset: split, groups of near duplicates, export, card and provenance."""
