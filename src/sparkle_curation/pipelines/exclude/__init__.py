"""``exclude``: a source clip is taken out on request, of all that was made and of all that will be."""
