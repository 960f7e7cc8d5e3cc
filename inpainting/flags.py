"""Spelling of command-line flags."""


def dashed(argument: str) -> str:
    """``--a_b=c_d`` to ``--a-b=c_d``; values stay as they are."""
    name, equals, value = argument.partition("=")
    return name.replace("_", "-") + equals + value if name.startswith("--") else argument
