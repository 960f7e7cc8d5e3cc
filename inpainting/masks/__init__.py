"""Masks: their three forms, edits, files, and random holes."""
