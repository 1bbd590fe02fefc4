"""Two versions of a variant: what differs between them, and why."""
