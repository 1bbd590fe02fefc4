"""The page on which thresholds are chosen by looking: ``kedro explore``."""
