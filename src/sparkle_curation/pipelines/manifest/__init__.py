"""``manifest``: what the release consists of, the first thing that a rebuild looks at."""
