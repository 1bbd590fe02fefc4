"""``bench_ingest``: a downloaded benchmark as tables, checked, and compared with the release."""
