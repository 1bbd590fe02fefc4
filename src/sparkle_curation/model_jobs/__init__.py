"""What scoring and grounding share: jobs for a model, its answers, and the journal of them."""
