"""The description of a dataset: what it may say, how it is read, and the one that a process works with."""
