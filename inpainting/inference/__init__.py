"""Inference: a network on pictures of any size."""
