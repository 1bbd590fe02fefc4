"""Keys of what is kept: what code a result is made by, so that no one need say when it is stale."""
