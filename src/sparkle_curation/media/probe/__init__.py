"""What each file says of itself, broken or whole, and how deep it is looked at."""
