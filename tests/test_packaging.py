"""Every imported package is required by name; a wheel holds what the commands need."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from inpainting.io.images import read_size
from inpainting.models.bundled import BUNDLED
from inpainting.models.checkpoint import weights_digest
from tests.running_app import running_app

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = {"spaces"}  # there on ZeroGPU Spaces only, and not asked for
NOT_ON_THE_SPACE = {"patchmatch"}  # an extra that the app does without
EXTRAS = {
    "classical": ("patchmatch",), "demo": ("demo",), "data": ("eval",), "evaluation": ("eval",),
    "losses": ("train",), "training": ("train",),
}  # fmt: skip
COMMANDS = {"train": ("train",), "config_file": ("train",), "eval": ("eval",), "demo": ("demo",)}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def required(*extras: str) -> set[str]:
    """Packages that an installation with these extras asks for by name."""
    found = names(PROJECT["dependencies"])
    return found.union(*(names(PROJECT["optional-dependencies"][extra]) for extra in extras))


@cache
def distributions() -> dict[str, list[str]]:
    return {module: [*map(canonicalize_name, d)] for module, d in packages_distributions().items()}


def foreign(path: Path) -> set[str]:
    """Modules of other packages that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"inpainting"} - OPTIONAL


def extras_of(path: Path) -> tuple[str, ...]:
    """The extras of the command that a file belongs to."""
    room = path.relative_to(ROOT / "inpainting").parts[0]
    return COMMANDS.get(path.stem, ()) if room == "cli" else EXTRAS.get(room, ())


@pytest.mark.parametrize("path", sorted((ROOT / "inpainting").rglob("*.py")), ids=lambda p: p.stem)
def test_every_imported_package_is_required_by_name(path):
    asked = required(*extras_of(path))
    for module in foreign(path):
        assert asked & set(distributions()[module]), f"{path.name} imports {module}"


def test_the_space_asks_for_the_same():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    space = {
        canonicalize_name(r.name): r
        for r in (Requirement(line) for line in lines if line and not line.startswith("#"))
    }
    extras = PROJECT["optional-dependencies"].keys() - NOT_ON_THE_SPACE
    assert set(space) == required(*extras)
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][e] for e in extras)]
    for wanted in (Requirement(line) for lines in lists for line in lines):
        given = space[canonicalize_name(wanted.name)]
        pinned = [s.version for s in given.specifier if s.operator == "=="]
        fits = wanted.specifier.contains(pinned[0]) if pinned else given == wanted
        assert fits and given.extras == wanted.extras, wanted


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A wheel of the tree, unpacked outside of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a build leaves files in its tree
    for name in ("inpainting", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "pip wheel -q --no-deps --no-build-isolation --no-index --no-cache-dir".split()
    subprocess.run([sys.executable, "-m", *build, "-w", folder, source], check=True, timeout=300)
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(folder / "site")
    return folder / "site"


def environment(site: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(site), "HF_HUB_OFFLINE": "1"}


@pytest.mark.slow
def test_a_wheel_holds_what_the_commands_need(installed):
    package = installed / "inpainting"
    demo = package / "demo"
    assert (package / "py.typed").exists()
    assert weights_digest(package / "pretrained") == weights_digest(BUNDLED)
    assert (demo / "page.css").stat().st_size
    canvas = ROOT / "inpainting" / "demo" / "canvas"
    scripts = {path.name: path.read_bytes() for path in canvas.iterdir()}
    assert {"main.js", "canvas.css", "canvas.html"} < set(scripts)
    assert {path.name: path.read_bytes() for path in (demo / "canvas").iterdir()} == scripts
    examples = sorted(path.name for path in (ROOT / "examples").iterdir())
    shipped = sorted(path.name for path in (demo / "example_files").iterdir())
    assert shipped == examples and {"examples.json", "LICENSES.md"} < set(shipped)
    top = {p.name for p in installed.iterdir() if not p.name.endswith(".dist-info")}
    assert top == {"inpainting"}
    [points] = installed.glob("*.dist-info/entry_points.txt")
    assert "inpaint = inpainting.cli.main:main" in points.read_text()


@pytest.mark.slow
def test_what_is_installed_fills_outside_the_checkout(installed, tmp_path, noise):
    noise(40, 30).save(tmp_path / "a.png")
    mask_image = Image.new("L", (40, 30))
    mask_image.paste(255, (5, 5, 20, 20))
    mask_image.save(tmp_path / "mask.png")
    command = [sys.executable, "-m", "inpainting", "fill", "a.png", "--mask", "mask.png"]
    done = subprocess.run(
        [*command, "--out", "out"], cwd=tmp_path, env=environment(installed), timeout=300,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_size(tmp_path / "out" / "a.png") == (40, 30)


@pytest.mark.slow
def test_what_is_installed_serves_the_demo_outside_the_checkout(installed, tmp_path):
    command = (sys.executable, "-m", "inpainting", "demo")
    variables = environment(installed) | {"GRADIO_TEMP_DIR": str(tmp_path / "gradio")}
    with running_app(tmp_path / "log.txt", command=command, folder=tmp_path, **variables) as url:
        assert url
