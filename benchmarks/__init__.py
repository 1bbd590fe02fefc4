"""Speed and memory at the size of the real release, as ratios against what one would do otherwise."""
