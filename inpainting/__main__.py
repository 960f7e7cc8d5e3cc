"""``python -m inpainting fill | train | eval | demo``: see :mod:`inpainting.cli`."""

from inpainting.cli.main import main

if __name__ == "__main__":
    main()
