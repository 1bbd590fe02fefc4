"""``validate``: each table is checked against its suite; a broken critical rule stops the run."""
