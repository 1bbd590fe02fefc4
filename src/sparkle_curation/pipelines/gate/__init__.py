"""``gate``: how far each new sample came, and which may go on to the next stage."""
