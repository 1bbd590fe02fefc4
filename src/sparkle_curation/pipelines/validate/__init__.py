"""``validate``: each table is held against its suite; a broken critical rule stops the run."""
