"""A room imports only rooms above it in the list; the package's surface stays small."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import inpainting

PACKAGE = Path(inpainting.__file__).parent
ROOMS = (
    "io", "classical", "masks", "models", "losses", "data", "inference", "evaluation", "training",
    "demo", "cli",
)  # fmt: skip
GROUND = {"errors", "types", "seeding", "distributed"}  # files that every room may import
FACE = {"__init__", "__main__"}
FILES = [path for path in PACKAGE.rglob("*.py") if path.stem not in FACE]
HEAVY = ("gradio", "datasets", "matplotlib", "cv2", "skimage", "torchvision", "accelerate")
FOR_FILLING = {"io", "masks", "models", "inference"}  # rooms that `import inpainting` loads


def dotted(path: Path) -> str:
    """The module's name without ``inpainting.``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def imports(path: Path) -> set[str]:
    """The files of the package that a file names, by :func:`dotted`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inpainting"):
            module = node.module.removeprefix("inpainting").removeprefix(".")
            for alias in node.names:
                name = f"{module}.{alias.name}".strip(".")
                is_file = PACKAGE.joinpath(*name.split(".")).with_suffix(".py").is_file()
                found.add(name if is_file else module)
    return found


def room(name: str) -> str:
    return name.partition(".")[0]


def test_there_are_these_rooms_and_nothing_beside_them():
    assert {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").is_file()} == set(ROOMS)
    assert {path.stem for path in PACKAGE.glob("*.py")} == GROUND | FACE


@pytest.mark.parametrize("path", FILES, ids=dotted)
def test_a_room_imports_only_rooms_above_it(path):
    here = room(dotted(path))
    above = GROUND | {here} | set(ROOMS[: ROOMS.index(here)]) if here in ROOMS else GROUND
    assert {room(name) for name in imports(path)} <= above


def test_no_file_imports_itself_by_way_of_others():
    tuple(TopologicalSorter({dotted(p): imports(p) for p in FILES}).static_order())


def test_every_import_is_absolute():
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level], path


def test_gradio_stays_in_the_demo():
    users = {room(dotted(path)) for path in FILES if "gradio" in path.read_text(encoding="utf-8")}
    assert users <= {"demo", "cli"}


def test_tests_lie_in_the_rooms_of_what_they_test():
    folders = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {*ROOMS, "robustness", "browser"}


def test_public_names():
    assert len(inpainting.__all__) <= 8
    assert all(hasattr(inpainting, name) for name in inpainting.__all__)


def test_import_loads_only_what_filling_needs():
    code = (
        "import sys; from inpainting import *; "
        "print(*(name for name in sys.modules if name.startswith('inpainting.'))); "
        f"print(*(name for name in {HEAVY} if name in sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    loaded = {room(name.removeprefix("inpainting.")) for name in output[0].split()}
    assert loaded == FOR_FILLING | {"errors", "types"}
    assert not output[1]


@pytest.mark.parametrize("module", ["inpainting", "inpainting.demo.page"])
def test_torch_waits_until_it_is_needed(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="inpainting.*has no attribute 'fill'"):
        inpainting.fill  # noqa: B018
    assert set(inpainting.__all__) <= set(dir(inpainting))
