"""What may keep a run from going well, looked at beforehand: ``kedro doctor``."""
