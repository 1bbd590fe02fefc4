"""``bench_build``: a benchmark of one's own from the release, by the published rule."""
