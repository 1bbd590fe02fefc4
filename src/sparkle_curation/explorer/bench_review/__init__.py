"""Models side by side on one sample of a benchmark: source, reference, outputs in step, scores and words of judges."""
