"""What each new sample shall become: the scenes there are, and the prompts that a judge writes."""
