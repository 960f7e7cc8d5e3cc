"""Imports point one way; the package's surface stays small."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import inpainting

PACKAGE = Path(inpainting.__file__).parent
LAYERS = (  # a module may import from rows above its own only
    {
        "errors",
        "correction",
        "uncertainty",
        "regions",
        "precision",
        "whole_files",
        "flags",
        "json_lines",
        "memory",
    },
    {"devices", "pconv", "config", "images", "masks", "metrics", "canvas", "vgg", "processes"},
    {
        "mask_edits",
        "smooth_fill",
        "levels",
        "coarse_to_fine",
        "random_masks",
        "baselines",
        "figures",
        "summary",
    },
    {"unet", "losses", "tables", "charts", "score_file"},
    {"card"},
    {"checkpoint", "evaluation", "fold_norm"},
    {"pipeline", "data"},
    {"facts", "closing", "__init__"},
    {"folders"},
    {"__main__"},
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def own_imports(module: Path) -> set[str]:
    tree = ast.parse(module.read_text())
    return {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module
    }


def imported(script: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_every_module_has_a_layer():
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(RANK)


def test_imports_point_down():
    for path in PACKAGE.glob("*.py"):
        for name in own_imports(path):
            assert RANK[name] < RANK[path.stem], f"{path.name} imports {name}"


DEMO = (
    {"refusal", "limits"},
    {"recent", "pictures", "guard", "downloads", "sweeping"},
    {"filling"},
    {"blobs", "report", "views", "api"},
    {"editor"},
    {"events"},
)
TRAINING = (
    {"ema", "order", "recipes", "stopping", "states", "journal", "hub", "progress", "config_file"},
    {"samples", "validation", "options"},
    {"feed"},
    {"run"},
    {"plan", "publishing"},
)


@pytest.mark.parametrize("name, layers", [("demo", DEMO), ("training", TRAINING)])
def test_what_the_scripts_are_made_of_points_down_too(name, layers):
    folder = PACKAGE.parent / name
    rank = {module: k for k, modules in enumerate(layers) for module in modules}
    assert {path.stem for path in folder.glob("*.py")} == set(rank) | {"__init__"}
    for path in folder.glob("[!_]*.py"):
        assert all(rank[other] < rank[path.stem] for other in own_imports(path)), path.name
        assert not imported(path) & ({"app", "train", "eval", "demo", "training"} - {name})


def test_scripts_do_not_import_each_other():
    root = PACKAGE.parent
    scripts = {"app", "train", "eval"}
    for name in scripts:
        assert not imported(root / f"{name}.py") & (scripts - {name})


def test_gradio_stays_in_the_app():
    assert all(not {"gradio", "demo", "training"} & imported(path) for path in PACKAGE.glob("*.py"))


def test_public_names():
    assert len(inpainting.__all__) <= 8
    assert all(hasattr(inpainting, name) for name in inpainting.__all__)


def test_import_leaves_heavy_libraries_alone():
    code = (
        "import sys, inpainting; "
        "print([m for m in ('gradio', 'datasets', 'matplotlib', 'cv2', 'skimage', 'torchvision') "
        "if m in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
