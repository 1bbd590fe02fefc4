"""Text on pictures, in any script: fonts, directions, widths and breaks."""
