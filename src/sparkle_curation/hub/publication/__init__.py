"""A variant as a dataset repository: what lies in it, and how it comes there."""
