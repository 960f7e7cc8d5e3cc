"""Data sets: sources, training samples, augmentation, resumable order."""
