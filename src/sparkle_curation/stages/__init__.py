"""Stages of the dataset's own pipeline, where they ask a model: rerun on a release, or on clips of one's own."""
