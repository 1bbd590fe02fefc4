"""``extract``: brings the media that are wanted out of the release into a folder that a trainer reads."""
