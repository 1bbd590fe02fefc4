"""``forecast``: what making new samples will take, before anything is made."""
