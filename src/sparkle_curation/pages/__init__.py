"""The look of all pages: palette, style sheet, and the frame with the header that each begins with."""
