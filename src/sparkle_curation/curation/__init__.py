"""What curation knows: verdicts, the funnel, the composition of a variant. Pure functions on polars frames."""
