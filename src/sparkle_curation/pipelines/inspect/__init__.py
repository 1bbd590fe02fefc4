"""``inspect``: what the header of each video, image and mask says, and which of them are broken."""
