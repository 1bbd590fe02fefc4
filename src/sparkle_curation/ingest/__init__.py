"""From the bytes of the release to rows and quarantined input. Writes no file and knows no Kedro."""
