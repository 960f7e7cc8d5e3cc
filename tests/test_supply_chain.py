"""What is installed is pinned by hash and its licence known; no source runs code from a file."""

import ast
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
APP, DEV = "requirements.lock", "requirements-dev.lock"
WANTED = {APP: ("requirements.txt",), DEV: ("requirements.txt", "requirements-dev.txt")}
PICKLES = {"pickle", "dill", "joblib"}
UNSAFE = {f"{module}.{name}" for module in PICKLES for name in ("load", "loads", "Unpickler")}
UNSAFE |= {"torch.jit.load"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def entries(name: str) -> list[str]:
    """Requirements with their hashes, one a line, without comments."""
    lines = (line.strip() for line in read(name).replace("\\\n", " ").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def pins(lock: str) -> dict[str, str]:
    """Name to version."""
    return dict(line.split(maxsplit=1)[0].split("==") for line in entries(lock))


@pytest.mark.parametrize("lock", WANTED)
def test_every_requirement_is_pinned_within_its_range(lock):
    pinned = pins(lock)
    for wanted in (Requirement(line) for name in WANTED[lock] for line in entries(name)):
        version = pinned.get(wanted.name.lower().replace("_", "-"))
        assert version and wanted.specifier.contains(version), f"{wanted}: run `make lock`"


@pytest.mark.parametrize("lock", WANTED)
def test_every_pin_has_hashes_and_comes_once(lock):
    for line in entries(lock):
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+", line)
    assert len(pins(lock)) == len(entries(lock)) > 100


@pytest.mark.parametrize("lock", WANTED)
def test_no_address_and_no_option_in_a_lock(lock):
    assert not re.search(r"://|@|^-", read(lock), re.MULTILINE)


def test_what_the_app_gets_is_what_is_tested():
    assert pins(APP).items() < pins(DEV).items()


def test_every_licence_is_listed():
    rows = dict(re.findall(r"^\| (\S+) +\| (\S+) +\| \S", read("docs/licences.md"), re.MULTILINE))
    assert rows == {"package": "version"} | pins(DEV), "run `make licences`"


def test_what_the_audit_passes_over_is_explained():
    passed_over = re.search(r"^EXPLAINED :=(.*)$", read("Makefile"), re.MULTILINE)[1].split()
    assert all(name in read("docs/reliability.md") for name in passed_over)


def unsafe(code: str) -> list[str]:
    """What may run code that comes with a file or from the Hub."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute):
            found += {ast.unparse(node)} & UNSAFE
        elif isinstance(node, ast.Import):
            found += {alias.name for alias in node.names} & PICKLES
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found += names & (UNSAFE | {"torch.load"})
        elif isinstance(node, ast.Constant):
            found += {node.value} & {"trust_remote_code"}
        elif isinstance(node, ast.Call):
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            default = "missing" if ast.unparse(node.func) == "torch.load" else "True"
            if given.get("weights_only", default) != "True" or "trust_remote_code" in given:
                found.append(ast.unparse(node))
    return found


def test_no_source_runs_code_from_a_file():
    others = {"tests", "runs"}
    folders = [f for f in ROOT.iterdir() if f.is_dir() and f.name not in others]
    sources = [*ROOT.glob("*.py")]
    sources += [p for f in folders if not f.name.startswith(".") for p in f.rglob("*.py")]
    assert len(sources) > 50
    assert not {str(p): bad for p in sources if (bad := unsafe(p.read_text(encoding="utf-8")))}


@pytest.mark.parametrize("code", [
    "torch.load(f)", "torch.load(g(f), weights_only=False)", "torch.load(f, weights_only=safe)",
    "hub.get(weights_only=False)", "torch.jit.load(f)", "pickle.load(f)", "import pickle",
    "from pickle import loads", "from torch import load", "from torch.jit import load",
    "load_dataset(n, trust_remote_code=True)", "options = {'trust_remote_code': True}",
])  # fmt: skip
def test_such_code_would_be_found(code):
    assert unsafe(code)


def test_weights_alone_are_fine():
    assert not unsafe("torch.load(io.BytesIO(data[:-8]), map_location='cpu', weights_only=True)")
