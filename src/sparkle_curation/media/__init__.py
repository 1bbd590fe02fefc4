"""Media of a release: what videos, images and masks hold, frame by frame. Numbers and arrays, no catalog."""
