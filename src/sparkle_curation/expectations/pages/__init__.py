"""Reports of what was found, and the pages that show them."""
