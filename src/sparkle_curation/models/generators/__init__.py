"""Models that make pictures and videos: what one is, and those of diffusers and VideoX-Fun."""
