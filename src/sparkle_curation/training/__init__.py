"""From a variant to a running training: rows in shares, the media that they need, run files and their check."""
