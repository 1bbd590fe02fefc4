"""``track``: masks anew, by tracking from the boxes of round 2 and a vote of the passes (stage 4, BAIT)."""
