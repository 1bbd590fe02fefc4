"""Datasets of what people look at: figures, pictures, texts, counts and validations."""
