"""From what the user named to endless batches."""

import signal
from argparse import Namespace
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader

from inpainting.data import LOAD_ERRORS, DataSet, load_split, load_stream
from inpainting.errors import DataError, InvalidConfig, first_line
from inpainting.random_masks import SAMPLERS
from inpainting.random_masks import Sampler as HoleSampler

from .order import Order, ShuffledOrder, StreamOrder
from .samples import Batch, FileHoles, HoledImages, Tickets, mask_files, stack
from .validation import Validation, set_aside, set_aside_of_stream


@dataclass(frozen=True)
class Feed:
    """Samples in order; ``length``: pictures in an epoch, None where a stream does not say."""

    dataset: HoledImages
    order: Order
    length: int | None

    def batches(self, start: int, args: Namespace, device: torch.device) -> Generator[Batch]:
        """Endless batches for this process, on its device.

        Args:
            start: samples that all processes have seen.
            args: ``batch_size`` and ``num_workers``.
            device: where the tensors go.

        Raises:
            DataError: when a reading process died, a stream broke, or no picture came.
        """
        loader = DataLoader(
            self.dataset,
            args.batch_size,
            sampler=Tickets(self.order, start),
            num_workers=args.num_workers,
            collate_fn=partial(stack, crop=self.dataset.crop),
            worker_init_fn=_leave_signals_to_the_parent,
            pin_memory=device.type == "cuda",
        )
        try:
            for batch in loader:
                image, hole, weight = (x.to(device, non_blocking=True) for x in batch[:3])
                yield Batch(image, hole, weight, batch.errors)
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


def make_feed(args: Namespace, holes: str, accelerator: Accelerator) -> tuple[Feed, Validation]:
    """What is trained on, and what is set aside.

    Args:
        args: of :func:`training.options.parse`.
        holes: a name of ``random_masks.SAMPLERS``.
        accelerator: this process and the number of all.

    Raises:
        DataError: when the data or the masks cannot be loaded, or are too few.
    """
    with accelerator.main_process_first():  # one downloads, all read
        images, order, length, validation = _pictures(args, accelerator)
    if length is not None and length < 2:
        raise DataError("The data set has no training pictures: give a folder with train/.")
    sampler = _hole_sampler(args, SAMPLERS[holes])
    dataset = HoledImages(images, sampler, args.size, args.crop, args.seed)
    return Feed(dataset, order, length), validation


def _pictures(
    args: Namespace, accelerator: Accelerator
) -> tuple[Any, Order, int | None, Validation]:
    place = {"rank": accelerator.process_index, "world": accelerator.num_processes}
    source = DataSet(args.data, args.image_column, args.revision)
    count, seed, size = args.validation_images, args.seed, args.size
    if args.streaming:
        name = args.split or "train"
        rows = load_stream(source, name)
        if args.max_train_samples:
            rows = rows.take(args.max_train_samples)
        known = (rows.info.splits or {}).get(name)
        length = args.max_train_samples or (known.num_examples if known else None)
        held, validation = set_aside_of_stream(rows, count, seed, size)
        length = length and length - len(held)
        return None, StreamOrder(rows, held, seed, **place), length, validation
    images = load_split(source, args.split)
    if args.max_train_samples:
        images = images.select(range(min(len(images), args.max_train_samples)))
    images, validation = set_aside(images, count, seed, size)
    return images, ShuffledOrder(len(images), seed, **place), len(images), validation


def _hole_sampler(args: Namespace, drawn: HoleSampler) -> HoleSampler:
    if args.mask_dir is None:
        return drawn
    if not args.mask_dir.is_dir():
        raise InvalidConfig(f"--mask-dir {args.mask_dir} is no folder: check the path.")
    return FileHoles(mask_files(args.mask_dir), args.mask_share, drawn, args.invert_masks)


def _leave_signals_to_the_parent(_: int) -> None:
    """A Ctrl-C reaches the whole group: the parent saves first, and ends the workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
