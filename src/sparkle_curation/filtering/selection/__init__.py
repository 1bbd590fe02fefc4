"""Selection after the thresholds: the best of each clip and prompt, then a budget filled evenly, by size or by quota."""
