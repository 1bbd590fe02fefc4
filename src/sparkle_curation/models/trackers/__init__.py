"""Models that follow objects through a video, from boxes on one of its frames."""
