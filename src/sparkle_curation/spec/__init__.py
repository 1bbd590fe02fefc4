"""What the dataset is: its description and what follows from it. Imports nothing of this project's own but errors."""
