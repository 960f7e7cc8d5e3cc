"""The demo: a page on which a photo is painted over, filled and measured."""

try:
    import spaces  # on a ZeroGPU Space; it wants to be imported before CUDA is touched
except ImportError:
    spaces = None
