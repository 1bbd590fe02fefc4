"""The card of a variant, from its facts to the `README.md` of a dataset."""
