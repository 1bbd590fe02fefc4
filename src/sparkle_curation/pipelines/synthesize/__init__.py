"""``synthesize``: the edited videos, from control videos and edited first frames (stage 5, second half)."""
