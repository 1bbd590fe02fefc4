"""``training_kit``: from a variant to all that a training with Kiwi-Edit starts from."""
