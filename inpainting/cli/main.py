"""``inpaint COMMAND …``, also as ``python -m inpainting COMMAND …``."""

import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "fill": "fill the holes of picture files",
    "demo": "serve the page on which photos are painted over and filled",
    "train": "train a network on your pictures",
    "eval": "measure a network beside the classical fills",
}
EXTRAS = ("demo", "train", "eval")  # commands that need more packages than the library
USAGE = "\n".join(
    [
        "usage: inpaint COMMAND [-h] …",
        "",
        *(f"  {name:<8}{words}" for name, words in COMMANDS.items()),
        "",
        "inpaint COMMAND --help explains one.",
    ]
)


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; 2 for none or an unknown one."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv[:1] in (["-h"], ["--help"]):
        print(USAGE)
        sys.exit(0)
    if not argv or argv[0] not in COMMANDS:
        given = f"there is no command {argv[0]!r}" if argv else "a command is needed"
        sys.exit(_usage_error(given))
    try:
        command = importlib.import_module(f"inpainting.cli.{argv[0]}")
        sys.exit(command.main(argv[1:]))
    except ModuleNotFoundError as error:
        if argv[0] not in EXTRAS or (error.name or "").startswith("inpainting"):
            raise
        sys.exit(
            f"inpaint {argv[0]} needs the package {error.name}, which is not installed: "
            f"pip install 'pconv-inpainting[{argv[0]}]'."
        )


def _usage_error(words: str) -> int:
    print(f"{USAGE}\n\ninpaint: {words}.", file=sys.stderr)
    return 2
