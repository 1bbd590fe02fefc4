"""CSV files and the metadata beside them: the annotations."""
