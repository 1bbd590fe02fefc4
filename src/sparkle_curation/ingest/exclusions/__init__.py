"""Source clips that are taken out on request: the list of them, and which samples of a release are made from them."""
