"""The run files of a training kit: what they are, those for training, those for inference."""
