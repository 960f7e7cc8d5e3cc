"""Measure a checkpoint beside the classical fills: ``python eval.py --data FOLDER_OR_HUB_ID``."""

from inpainting.cli.eval import main

if __name__ == "__main__":
    main()
