"""The commands: ``inpaint fill | train | eval | demo``."""
