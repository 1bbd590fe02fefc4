"""What a mask lets one measure of a pair: whether the foreground stayed, and whether the background is new and alive."""
