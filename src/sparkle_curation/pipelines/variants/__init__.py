"""Many variants from one ingest, each under a name and with parameters of its own."""
