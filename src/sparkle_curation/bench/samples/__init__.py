"""The samples of a benchmark: read, checked, compared with the release, built; and the outputs that models made of them."""
