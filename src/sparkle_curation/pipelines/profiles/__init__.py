"""``profiles``: the variant in the files of other trainers."""
