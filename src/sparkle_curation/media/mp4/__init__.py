"""The index of an mp4, box by box, and H.264's parameters in it."""
