"""Tracked masks gone through by a person: the doubtful ones first, each accepted or refused."""
