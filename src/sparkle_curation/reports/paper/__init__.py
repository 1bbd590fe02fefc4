"""What a paper says of a variant, ready to paste: methods, reproducibility, tables, bibliography, citation file."""
