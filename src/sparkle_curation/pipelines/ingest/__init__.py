"""``ingest``: the release's files become Parquet tables, and what cannot be trusted a quarantine."""
