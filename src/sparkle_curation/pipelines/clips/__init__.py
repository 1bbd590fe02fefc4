"""``clips``: a folder of clips becomes the samples of a draft release, checked, trimmed and numbered."""
