"""``bench_report``: what the judgments of a benchmark come to, and how sure that is."""
