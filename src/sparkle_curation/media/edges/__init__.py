"""Control videos: edges of the source inside the mask, and of the new background outside of it."""
