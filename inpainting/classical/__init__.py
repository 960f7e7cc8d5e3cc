"""Classical fills, which need no training."""
