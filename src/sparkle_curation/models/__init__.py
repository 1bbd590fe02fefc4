"""Models behind one protocol: the only folder that imports torch."""
