"""The columns that rules look at, worked out of the tables."""
