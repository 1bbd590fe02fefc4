"""Images: their header, and their pixels."""
