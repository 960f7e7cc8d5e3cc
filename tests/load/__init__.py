"""Many clients on the running app: python -m tests.load --help."""
