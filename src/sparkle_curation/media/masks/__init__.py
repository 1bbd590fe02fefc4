"""Masks: zips of one array, a frame each."""
