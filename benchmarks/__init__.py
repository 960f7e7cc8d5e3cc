"""How fast and how lean: measured, never tested. See README.md beside this file."""
