"""``plots_page``: the page in which ``dvc plots`` shows its plots without a network."""
