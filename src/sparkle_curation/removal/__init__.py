"""Taking an excluded clip out of what was made: what tells of it, where that stands, and files without it."""
