"""New samples as a release of their own, and joined with another."""
