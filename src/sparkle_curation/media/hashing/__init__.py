"""Whether two pictures are alike."""
