"""``camera``: whether the camera of each source clip is fixed; of a release, or of a folder of clips."""
