"""The index of an mp4, atom by atom, and H.264's parameters in it."""
