"""Closed sets of codes: why a line, a file, a pair or a score is not taken as it is."""
