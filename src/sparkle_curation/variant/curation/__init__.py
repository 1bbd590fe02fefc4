"""Curating for one set of parameters: what ``filter`` does node by node, and ``variants`` for many sets at once."""
