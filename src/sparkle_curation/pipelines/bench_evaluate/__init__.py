"""``bench_evaluate``: what a judge says of models' outputs on the benchmark, with every sample in one state."""
