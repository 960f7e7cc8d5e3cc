"""The loss of arXiv:1804.07723, eq. 7."""

from inpainting.losses.weights import LossWeights

PAPER = LossWeights(log_mse=0, valid=1, hole=6, perceptual=0.05, style=120, tv=0.1)
