"""What Kiwi-Edit's loader does with a pair: its rules, and what breaks them."""
