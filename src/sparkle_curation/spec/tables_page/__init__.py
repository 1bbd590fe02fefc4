"""The page ``docs/tables.md``: which tables there are, which other outputs, which codes; and how they are written."""
