"""A small release, made: the layout, the formats and the quirks of the published one, with imputed content."""
