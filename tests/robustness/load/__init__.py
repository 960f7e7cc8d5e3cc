"""Many clients on the running app: python -m tests.robustness.load --help."""
