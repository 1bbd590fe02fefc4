"""Whether a clip's camera is fixed: tracked points of grey frames, and a rule on how far they go."""
