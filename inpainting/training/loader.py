"""The training loader: from what the user named to endless batches on the device."""

import signal
import sys
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from inpainting.data.dataset import Batch, HoledImages, collate
from inpainting.data.mask_files import FileHoles, mask_files
from inpainting.data.sampler import ResumableSampler, ShuffledSampler, StreamSampler
from inpainting.data.sources import LOAD_ERRORS, DataSet, load_split, load_stream
from inpainting.data.store import memory_of_machine
from inpainting.errors import DataError, InvalidConfig, first_line
from inpainting.masks.drawing import Sampler as HoleSampler
from inpainting.masks.random import SAMPLERS
from inpainting.training.config import TrainConfig
from inpainting.training.recipes import Recipe
from inpainting.training.torch_internals import find_dead_readers_when_due
from inpainting.training.validation import Validation, set_aside, set_aside_of_stream


@dataclass(frozen=True)
class TrainingLoader:
    """Batches of a training set, resumable after any number of samples.

    ``length``: pictures in an epoch, None where a stream does not say. ``batch_size``, ``workers``:
    of this process.
    """

    dataset: HoledImages
    sampler: ResumableSampler
    length: int | None
    batch_size: int
    workers: int

    def batches(self, start: int, device: torch.device) -> Generator[Batch]:
        """Endless batches for this process, on its device.

        Args:
            start: samples that all processes have seen.
            device: where the tensors go.

        Raises:
            DataError: when a reading process died, a stream broke, or no picture came.
        """
        find_dead_readers_when_due()
        loader = DataLoader(
            self.dataset,
            self.batch_size,
            sampler=self.sampler.indices(start),
            num_workers=self.workers,
            collate_fn=partial(collate, crop=self.dataset.crop),
            worker_init_fn=_start_worker,
            multiprocessing_context=_start_method(self.workers),
            pin_memory=device.type == "cuda",
        )
        try:
            for batch in loader:
                yield batch.to(device)
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise DataError(
                f"A process that reads pictures ended ({first_line(error)}), often for want of "
                "memory: the same command goes on from the last state; fewer --num-workers need "
                "less."
            ) from error
        except LOAD_ERRORS as error:
            raise DataError(
                f"Reading pictures failed ({first_line(error)}): the same command goes on from the "
                "last state."
            ) from error
        raise DataError("The data set has no training pictures: look at --data and --split.")


def make_loader(
    config: TrainConfig, recipe: Recipe, accelerator: Accelerator
) -> tuple[TrainingLoader, Validation]:
    """What is trained on, and what is set aside.

    Args:
        config: of the run.
        recipe: its holes, its windows and how many of them.
        accelerator: this process and the number of all.

    Raises:
        DataError: when the data or the masks cannot be loaded, or are too few.
    """
    with accelerator.main_process_first():  # one downloads, all read
        images, sampler, length, validation = _pictures(config, accelerator)
    if length is not None and length < 2:
        raise DataError("The data set has no training pictures: give a folder with train/.")
    sample_hole = _hole_sampler(config, SAMPLERS[recipe.holes])
    room = int(config.picture_memory * memory_of_machine() / accelerator.num_processes)
    dataset = HoledImages(
        images, sample_hole, config.size, recipe.crop, config.seed, room, recipe.guided
    )
    loader = TrainingLoader(dataset, sampler, length, recipe.batch_size, config.num_workers)
    return loader, validation


def _pictures(
    config: TrainConfig, accelerator: Accelerator
) -> tuple[Any, ResumableSampler, int | None, Validation]:
    place = {"rank": accelerator.process_index, "world": accelerator.num_processes}
    source = DataSet(config.data, config.image_column, config.revision)
    count, seed, size = config.validation_images, config.seed, config.size
    if config.streaming:
        name = config.split or "train"
        rows = load_stream(source, name)
        if config.max_train_samples:
            rows = rows.take(config.max_train_samples)
        known = (rows.info.splits or {}).get(name)
        length = config.max_train_samples or (known.num_examples if known else None)
        held, validation = set_aside_of_stream(rows, count, seed, size)
        length = length and length - len(held)
        return None, StreamSampler(rows, held, seed, **place), length, validation
    images = load_split(source, config.split)
    if config.max_train_samples:
        images = images.select(range(min(len(images), config.max_train_samples)))
    images, validation = set_aside(images, count, seed, size)
    return images, ShuffledSampler(len(images), seed, **place), len(images), validation


def _hole_sampler(config: TrainConfig, drawn: HoleSampler) -> HoleSampler:
    if config.mask_dir is None:
        return drawn
    if not config.mask_dir.is_dir():
        raise InvalidConfig(f"--mask-dir {config.mask_dir} is no folder: check the path.")
    data = Path(config.data) if config.data else None
    if data and data.is_dir() and data.resolve() in config.mask_dir.resolve().parents:
        raise InvalidConfig(
            f"--mask-dir {config.mask_dir} lies in --data {data}: its masks would be trained on as "
            "pictures. Move it out, or name the folder of pictures beside it."
        )
    return FileHoles(mask_files(config.mask_dir), config.mask_share, drawn, config.invert_masks)


def _start_method(workers: int) -> str | None:
    """Of reading processes: forked ones share the pictures that were read; None = the default."""
    return "fork" if workers and sys.platform == "linux" else None


def _start_worker(_: int) -> None:
    """A Ctrl-C reaches all workers: the parent saves first, and ends them itself.

    OpenCV's threads would get in the way of one another: there is a process per core already.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    cv2.setNumThreads(0)
