"""The Space: paint over a part of a photo, see it filled and measured. ``python app.py``"""

try:
    import spaces  # noqa: F401 - on a ZeroGPU Space, before anything that imports torch
except ImportError:
    pass

from inpainting.demo.launch import main

if __name__ == "__main__":
    main()
