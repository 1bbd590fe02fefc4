"""A file of results that outlives the run: what is noted there is not worked out again."""
