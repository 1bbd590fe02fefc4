"""``bench_published``: scores that others publish of models on the benchmark, and what is wrong with them."""
