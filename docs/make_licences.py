"""Write licences.md beside this file: what the packages of the lock files are licensed under.

    make licences

The installed packages' own metadata answer; CHECKED holds what they do not say.
"""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from inpainting.evaluation.tables import markdown

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")

# Words of the metadata that mean one licence. "BSD" alone may be two- or three-clause.
SPDX = {
    "Apache": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "NVIDIA Proprietary Software": "LicenseRef-NVIDIA-Proprietary",
}
SPDX |= {
    known: known
    for known in (
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "MIT", "MPL-2.0", "MPL-2.0 AND MIT",
        "LicenseRef-NVIDIA-Proprietary",
    )
}  # fmt: skip

# Read in the licence file: the metadata are silent, vague or of two minds.
CHECKED = {
    "atheris": "Apache-2.0",
    "cuda-toolkit": "LicenseRef-NVIDIA-Proprietary",  # empty; requires the others
    "cycler": "BSD-3-Clause",
    "groovy": "Apache-2.0",  # the classifier says MIT
    "jinja2": "BSD-3-Clause",
    "kiwisolver": "BSD-3-Clause",
    "matplotlib": "LicenseRef-matplotlib",  # the Python licence in other names
    "mpmath": "BSD-3-Clause",
    "nvidia-nvtx": "Apache-2.0 WITH LLVM-exception",  # the classifier says proprietary
    "safehttpx": "Apache-2.0",  # the classifier says MIT
    "scikit-image": "BSD-3-Clause",
    "scipy": "BSD-3-Clause",
    "semantic-version": "BSD-2-Clause",
    "sympy": "BSD-3-Clause",
    "torchvision": "BSD-3-Clause",
    # Of other systems or later Pythons.
    "audioop-lts": "PSF-2.0",
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "pywin32": "PSF-2.0",
}

TEXT = """\
# Licences of the packages

Written by `make licences` from the lock files and the packages' metadata. None of these packages
is part of this repository: they are installed beside it, and its own licence stays Apache-2.0.

**Copyleft** is marked. Under MPL-2.0, wholly or in part, are {mpl}.
It binds their own files only: who redistributes them with this project, in an image or an
installer, adds their licence and says where their source is, with the changes made to it. Inside
wheels there is more: FFmpeg (LGPL-2.1) in opencv-python-headless; libquadmath (LGPL-2.1) and
libgfortran in numpy, scipy and opencv-python-headless; libgomp in torch. All are shared libraries
that can be replaced, as the LGPL asks; the last two (GPL-3.0 with the GCC Runtime Library
Exception) ask nothing of what uses them.

**NVIDIA's CUDA packages are proprietary**: free to install and use, redistributed only as NVIDIA's
licence agreements allow. They come with torch, on Linux only.

## What the app, the library and the trainer need

{needed}

## Development only

{development}
"""


def pins(lock: Path) -> dict[str, str]:
    """Name to version."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock.read_text(), re.MULTILINE))


def licence(name: str) -> str:
    """SPDX expression; a name of our own where SPDX has none."""
    if name in CHECKED:
        return CHECKED[name]
    for words in stated(distribution(name)):
        if words in SPDX:
            return SPDX[words]
    raise LookupError


def stated(package: Distribution) -> list[str]:
    """What the metadata say, the most exact first."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        SPDX[expression] = expression  # checked by the package index when it was uploaded
        return [expression]
    classifiers = metadata.get_all("Classifier") or []
    names = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License ::")]
    return [(metadata.get("License") or "").partition("\n")[0], *names]  # some hold a whole licence


def table(packages: dict[str, str], licences: dict[str, str]) -> str:
    """One row per package; copyleft in bold."""
    rows = [
        (name, version, f"**{licences[name]}**" if "PL-" in licences[name] else licences[name])
        for name, version in packages.items()
    ]
    return markdown(("package", "version", "licence"), rows)


def main() -> None:
    needed, everything = (pins(ROOT / lock) for lock in LOCKS)
    licences, unclear = {}, []
    for name in everything:
        try:
            licences[name] = licence(name)
        except (LookupError, PackageNotFoundError):
            unclear.append(name)
    if unclear:
        raise SystemExit(f"Read the licence files of these, and add them to CHECKED: {unclear}")
    text = TEXT.format(
        mpl=", ".join(name for name in everything if "MPL" in licences[name]),
        needed=table(needed, licences),
        development=table({n: v for n, v in everything.items() if n not in needed}, licences),
    )
    (ROOT / "docs" / "licences.md").write_text(text)


if __name__ == "__main__":
    main()
