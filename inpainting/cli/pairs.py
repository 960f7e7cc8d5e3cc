"""Which pictures are filled, with which masks, into which files: docs/masks.md has the rule."""

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from inpainting.errors import InvalidConfig, InvalidImage
from inpainting.io.folders import MASK_ENDING, SUFFIXES, picture_files, walk
from inpainting.io.foreign import SUFFIXES as FOREIGN
from inpainting.io.images import NOT_READ
from inpainting.io.png import is_result

NOTHING: Mapping[str, Path] = MappingProxyType({})


class Job(NamedTuple):
    """A picture, its mask, and where its result goes; ``error`` says why it cannot be filled.

    ``drawn``: files of what somebody has drawn for its hole, by the name of their option, such as
    ``guide``.
    """

    image: Path
    output: Path
    mask: Path | None = None
    error: str = ""
    drawn: Mapping[str, Path] = NOTHING

    @property
    def given(self) -> dict[str, Path]:
        """The files that it is filled from, by what they are."""
        files = {"picture": self.image, "mask": self.mask, **self.drawn}
        return {name: path for name, path in files.items() if path is not None}


class Found(NamedTuple):
    """What a search has found: ``pictures`` and their paths below what was searched.

    ``results``: fills of earlier runs, which are left out.
    """

    pictures: dict[Path, Path]
    results: list[Path]


def find_jobs(
    found: Found, mask: Path, out: Path, drawn: Mapping[str, Path] = NOTHING
) -> list[Job]:
    """One job per picture, in order.

    Args:
        found: of :func:`find_pictures`.
        mask: a file for all pictures, or a folder with one for each.
        out: folder for the results; they lie there as the pictures do in what was searched.
        drawn: by option, a file for all pictures or a folder with one for some of them.

    Raises:
        InvalidConfig: when a result would be written over a file that was given.
    """
    masks = _NamedFiles(mask) if mask.is_dir() else None
    folders = {name: _NamedFiles(path) for name, path in drawn.items() if path.is_dir()}
    for_all = {name: path for name, path in drawn.items() if name not in folders}
    taken: dict[Path, Path] = {}
    jobs = []
    for image, below in found.pictures.items():
        job = Job(image, out / below.with_suffix(".png"))
        other = taken.setdefault(job.output, image)
        if kind := FOREIGN.get(image.suffix.lower()):
            job = job._replace(error=NOT_READ.format(name=image.name, kind=kind))
        elif other != image:
            job = job._replace(
                error=f"{other} and {image} would both be written to {job.output}: rename one, or "
                "fill them into different folders."
            )
        else:
            job = _with_mask(job, below, masks) if masks else job._replace(mask=mask)
            job = _with_drawn(job._replace(drawn=for_all), below, folders)
        jobs.append(job)
    if masks:
        jobs = _without_shared(jobs)
    _check_outputs(jobs)
    return jobs


def find_pictures(
    sources: Sequence[Path], mask: Path, out: Path, drawn: Mapping[str, Path] = NOTHING
) -> Found:
    """The pictures named, and those in folders, at any depth.

    In folders these are no pictures: what lies in ``out`` or in the folders of masks and guides,
    the mask and the guides themselves, a file ``photo_mask.png`` beside ``photo.jpg``, hidden
    files, and earlier results.

    Args:
        sources: files and folders.
        mask, out, drawn: as for :func:`find_jobs`.

    Raises:
        InvalidImage: when a source is missing.
    """
    found = Found({}, [])
    known = set()
    for source in sources:
        if not source.exists():
            raise InvalidImage(f"There is no file or folder {source}: check the path.")
        if source.is_dir():
            images = _search(source, [mask, out, *drawn.values()], found.results)
        else:
            images = {source: Path(source.name)}
        for image, below in images.items():
            path = os.path.abspath(image)
            if path not in known:
                known.add(path)
                found.pictures[image] = below
    return found


def _search(source: Path, others: Sequence[Path], results: list[Path]) -> dict[Path, Path]:
    inner = [path.resolve() for path in others if path.resolve() != source.resolve()]
    files = picture_files(source)
    found = {}
    for image in sorted([*files.pictures, *files.foreign]):
        place = image.resolve()
        if any(place.is_relative_to(path) for path in inner):
            continue
        if is_result(image):
            results.append(image)
        else:
            found[image] = image.relative_to(source)
    return found


class _NamedFiles:
    """Masks or guides by where they lie in their folder, and their names without suffixes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[Path, list[Path]] = defaultdict(list)
        for path in sorted(walk(folder)):
            if path.suffix.lower() in SUFFIXES:
                self.files[path.relative_to(folder).with_suffix("")].append(path)

    def of(self, image: Path, below: Path, *endings: str) -> list[Path]:
        """Those of a picture: in the folder that mirrors the picture's, else in the top one."""
        found: list[Path] = []
        for folder in dict.fromkeys((below.parent, Path())):
            found = found or self._named(image, folder / below.stem, endings)
        return found

    def _named(self, image: Path, name: Path, endings: Sequence[str]) -> list[Path]:
        marked = [path for ending in endings for path in self.files.get(_ends(name, ending), [])]
        same = self.files.get(name, [])
        if any(os.path.samefile(path, image) for path in same):
            same = []  # photos and masks in one folder
        return [path for path in (*same, *marked) if not is_result(path)]


def _ends(name: Path, ending: str) -> Path:
    return name.with_name(name.name + ending)


def _with_mask(job: Job, below: Path, masks: _NamedFiles) -> Job:
    found = masks.of(job.image, below, MASK_ENDING)
    if len(found) == 1:
        return job._replace(mask=found[0])
    names = ", ".join(path.name for path in found) or "nothing"
    places = " and ".join(dict.fromkeys((str(masks.folder / below.parent), str(masks.folder))))
    return job._replace(
        error=f"The mask of {job.image.name} was looked for in {places} as "
        f"{below.stem}{MASK_ENDING}.png, {below.stem}.png or another picture file of that "
        f"name, and {names} was found: one file is needed."
    )


def _with_drawn(job: Job, below: Path, folders: Mapping[str, _NamedFiles]) -> Job:
    for name, files in folders.items():
        found = files.of(job.image, below)
        if len(found) > 1 and not job.error:
            names = ", ".join(path.name for path in found)
            said = f"{names} could each be the {name} of {job.image.name}: keep one."
            job = job._replace(error=said)
        elif found:
            job = job._replace(drawn={**job.drawn, name: found[0]})
    return job


def _without_shared(jobs: Sequence[Job]) -> list[Job]:
    """Refuse a mask of a folder that would serve several pictures: only one of them is meant."""
    users: dict[Path | None, list[Path]] = defaultdict(list)
    for job in jobs:
        if not job.error:
            users[job.mask].append(job.image)
    return [
        job._replace(
            error=f"{job.mask} would be the mask of {' and '.join(map(str, users[job.mask]))}: lay "
            "masks into folders of the same names as the pictures' folders."
        )
        if not job.error and len(users[job.mask]) > 1
        else job
        for job in jobs
    ]


def _check_outputs(jobs: Sequence[Job]) -> None:
    """Refuse to write over what was given, by whatever path or link it is reached.

    Raises:
        InvalidConfig: with both names.
    """
    given: dict[tuple[int, int], Path] = {}
    for job in jobs:
        for path in job.given.values():
            if path.exists():
                given.setdefault(_identity(path), path)
    for job in jobs:
        if not job.error and job.output.exists() and (same := given.get(_identity(job.output))):
            raise InvalidConfig(
                f"The result of {job.image} would be written to {job.output}, which is {same}, a "
                "file that was given: choose another folder for --out."
            )


def _identity(path: Path) -> tuple[int, int]:
    """Of a file: the same for every link and spelling."""
    status = path.stat()
    return status.st_dev, status.st_ino
