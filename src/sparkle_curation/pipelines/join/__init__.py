"""``join``: a release and the new samples beside it become one, which ``curate`` takes."""
