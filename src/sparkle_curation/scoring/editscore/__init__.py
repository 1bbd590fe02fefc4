"""EditScore's arithmetic, its texts and its scale."""
