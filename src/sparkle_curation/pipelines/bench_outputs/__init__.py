"""``bench_outputs``: which outputs of models on the benchmark are there, whole, and like their sources."""
