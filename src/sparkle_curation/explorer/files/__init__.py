"""Files that people keep in git and that the page changes: decisions by hand, parameters."""
