"""What a benchmark came to, for people: a table in the terminal, documents, a figure, a page of samples side by side."""
