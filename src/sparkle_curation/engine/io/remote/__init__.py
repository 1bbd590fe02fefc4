"""Reading parts of files behind a server, many at once: requests are bounded, joined, sent ahead and sent again."""
