"""``paper``: what a paper says of the variant, ready to paste."""
