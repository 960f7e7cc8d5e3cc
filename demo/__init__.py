"""What the demo does, in functions that need no browser; ``app.py`` lays them out."""

try:
    import spaces  # on a ZeroGPU Space; must come before torch, which everything else imports
except ImportError:
    spaces = None
