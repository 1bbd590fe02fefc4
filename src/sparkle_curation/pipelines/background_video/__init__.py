"""``background_video``: videos of the new backgrounds, from a picture without foreground (stage 3, second half)."""
