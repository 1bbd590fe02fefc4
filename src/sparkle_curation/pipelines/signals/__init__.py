"""``signals``: what a mask lets one measure of a pair, and what a prompt tells alone."""
