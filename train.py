#!/usr/bin/env python
"""Train a network: ``python train.py --data FOLDER_OR_HUB_ID --output-dir runs/mine``."""

from inpainting.cli.train import main

if __name__ == "__main__":
    main()
