#!/usr/bin/env python
"""Train a PConv U-Net: ``python train.py --data FOLDER_OR_HUB_ID --output-dir runs/mine``.

Starts on one CPU, and on several GPUs by ``accelerate launch train.py …``. Killed at any moment,
the same command goes on. The output folder holds what ``InpaintingPipeline.from_pretrained`` reads.
"""

import sys
from argparse import Namespace
from pathlib import Path

import torch
import yaml
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, set_seed
from tqdm import tqdm

from inpainting.checkpoint import load_pretrained
from inpainting.config import PConvUNetConfig
from inpainting.errors import CheckpointError, InpaintingError, InvalidConfig, first_line
from inpainting.precision import fast_dtype
from inpainting.processes import LAUNCHED_ALONE, launched, launched_alone, without_gpu
from inpainting.unet import PConvUNet
from inpainting.vgg import VggFeatures
from inpainting.whole_files import whole_file
from training.ema import moving_average
from training.feed import make_feed
from training.journal import Journal, check_tracker
from training.options import parse, resolved
from training.plan import plan
from training.publishing import Publisher
from training.recipes import Recipe, adjusted
from training.run import Run
from training.states import State, clear_states, load_state, state_files
from training.stopping import Stop

EPOCHS = 50  # where nothing says how long


def main(argv: list[str] | None = None) -> None:
    """Train, and end with an exit code: 0, 1 after an error, 128 + signal when asked to stop."""
    try:
        with Stop() as stop:
            train(parse(argv), stop)
        if stop.signal:
            sys.exit(stop.exit_code)
    except InpaintingError as error:
        sys.exit(f"error: {error}")


def train(args: Namespace, stop: Stop) -> None:
    """From options to a finished run, or to one that was asked to stop and is kept."""
    if launched_alone():
        print(LAUNCHED_ALONE, file=sys.stderr)
    check_tracker(args.report_to)
    accelerator = make_accelerator(args)
    run = prepare(args, accelerator)
    if args.dry_run:
        text = plan(run)
        accelerator.print(text)
        return
    publisher = Publisher(run)
    resume(run)
    make_output(args, accelerator)
    journal = Journal(args.output_dir, run.progress.step, accelerator)
    if run.done >= 1:
        run.say(
            f"{args.output_dir} is finished already: raise --epochs, --max-steps or --max-minutes, "
            "or use another --output-dir."
        )
    loop(run, journal, stop, publisher)
    accelerator.end_training()
    if run.unkept:
        raise CheckpointError(f"{'; '.join(run.unkept.values())}: free space, then run it again.")
    if accelerator.is_main_process and not stop.signal:
        publisher.finish()
        run.say(
            f"Saved in {args.output_dir}: "
            f"InpaintingPipeline.from_pretrained({str(args.output_dir)!r})"
        )


def loop(run: Run, journal: Journal, stop: Stop, publisher: Publisher) -> None:
    """Steps until the budget is used or somebody asks to stop."""
    args, progress = run.args, run.progress
    batches = run.feed.batches(progress.samples, args, run.accelerator.device)
    run.model.train()
    with progress_bar(run) as bar:
        stopping = False
        while run.done < 1 and not stopping:
            epoch = run.epoch
            terms, stopping = run.step(batches, bool(stop.signal))
            show(bar, run, terms)
            if progress.step % args.logging_steps == 0:
                run.log(journal)
            if run.done >= 1 or run.validation_is_due(epoch):
                run.validate(journal)
                publisher.publish()
            elif stopping or progress.step % args.checkpointing_steps == 0:
                run.save()
    batches.close()


def progress_bar(run: Run) -> tqdm:
    """Share of the budget used, time left, and what was last measured."""
    return tqdm(
        total=100,
        initial=min(100, 100 * run.done),
        bar_format="{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
        disable=not run.accelerator.is_main_process,
    )


def show(bar: tqdm, run: Run, terms: dict[str, float]) -> None:
    """The latest numbers beside the bar."""
    progress = run.progress
    bar.n = min(100, 100 * run.done)
    mean = progress.logged.totals
    shown = {
        "step": progress.step,
        "loss": f"{terms['loss']:.4f}",
        "lr": f"{run.rate:.1e}",
    }
    if mean:
        seconds = mean["seconds"] / progress.logged.count
        shown["images"] = f"{run.global_batch / seconds:.1f}/s"
    if run.scores:
        shown["psnr"] = f"{run.scores['psnr']:.2f} dB"
    bar.set_postfix(shown)


def make_accelerator(args: Namespace) -> Accelerator:
    """The engine: devices, processes, precision, accumulation, tracker."""
    accelerator = Accelerator(
        mixed_precision=precision(args.mixed_precision, args.cpu),
        cpu=args.cpu or (launched() and without_gpu()),  # or each would believe to be alone
        gradient_accumulation_steps=args.gradient_accumulation_steps,
        log_with=None if args.report_to == "none" else args.report_to,
        project_dir=args.output_dir,
    )
    set_seed(args.seed)
    if args.report_to != "none" and not args.dry_run:
        accelerator.init_trackers(args.output_dir.name, config=tracked(args))
    return accelerator


def tracked(args: Namespace) -> dict[str, str | int | float | bool]:
    """Options in types that every tracker takes."""
    plain = str | int | float | bool
    return {k: v if isinstance(v, plain) else str(v) for k, v in resolved(args).items()}


def precision(choice: str, cpu: bool) -> str:
    """accelerate's name for the fastest precision, unless one is chosen."""
    if choice != "auto":
        return choice
    device = torch.device("cuda" if torch.cuda.is_available() and not cpu else "cpu")
    return "bf16" if fast_dtype(device) == torch.bfloat16 else "no"


def prepare(args: Namespace, accelerator: Accelerator) -> Run:
    """Data, network and optimiser of a run that has not begun."""
    recipe = adjusted(args)
    network = initial_network(recipe, args.init_from)
    multiple = network.config.multiple
    if args.crop % multiple or args.crop > args.size:
        raise InvalidConfig(
            f"--crop is {args.crop}: the network needs a multiple of {multiple}, at most --size "
            f"{args.size}."
        )
    features = None
    if recipe.loss.perceptual or recipe.loss.style:
        features = VggFeatures(args.vgg_weights).to(accelerator.device)
    feed, validation = make_feed(args, recipe.holes, accelerator)
    set_length(args, feed.length)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = recipe.optimizer(network.parameters(), lr=recipe.lr)
    model, optimizer = accelerator.prepare(network, optimizer)
    ema = moving_average(accelerator.unwrap_model(model), recipe.ema) if recipe.ema else None
    return Run(args, recipe, accelerator, model, ema, optimizer, feed, validation, features)


def initial_network(recipe: Recipe, init_from: str | None) -> PConvUNet:
    """The recipe's network with random weights, or any network with the weights of another run."""
    if init_from:
        return load_pretrained(init_from)
    return PConvUNet(PConvUNetConfig.preset(recipe.preset))


def set_length(args: Namespace, length: int | None) -> None:
    """Give the run an end, and intervals, where nothing was said.

    Raises:
        InvalidConfig: when epochs are to be counted and the data does not say how long one is.
    """
    if not (args.epochs or args.max_steps or args.max_minutes):
        args.epochs = EPOCHS
    if length is None and not (args.max_steps or args.max_minutes):
        raise InvalidConfig(
            "The stream does not say how many pictures it has, so epochs cannot be counted: give "
            "--max-steps or --max-minutes."
        )
    if length is None and not args.validation_steps:
        args.validation_steps = 1000


def resume(run: Run) -> None:
    """Go on from the state that ``--resume`` means, if there is one; all processes alike.

    Raises:
        CheckpointError: when there should be one and is not, or it does not fit.
    """
    args, found = run.args, [None]
    if run.accelerator.is_main_process:
        try:
            found = [_state(args, run)]
        except CheckpointError as error:  # told to the others, who wait for it
            found = [error]
    if run.accelerator.num_processes > 1:
        broadcast_object_list(found)
    if isinstance(found[0], CheckpointError):
        raise found[0]
    if found[0] is not None:
        run.restore(found[0])


def _state(args: Namespace, run: Run) -> State | None:
    if args.resume == "never":
        clear_states(args.output_dir)
        return None
    if args.resume in ("auto", "latest"):
        if not state_files(args.output_dir):
            return None
        return load_state(args.output_dir, run.say)
    return load_state(Path(args.resume), run.say)


def make_output(args: Namespace, accelerator: Accelerator) -> None:
    """The folder, with the options of this run in ``args.yaml``.

    Raises:
        CheckpointError: when it cannot be written to.
    """
    if not accelerator.is_main_process:
        return
    try:
        with whole_file(args.output_dir / "args.yaml") as file:
            file.write(yaml.safe_dump(resolved(args)).encode())
    except OSError as error:
        raise CheckpointError(
            f"--output-dir {args.output_dir} cannot be written to ({first_line(error)}): give "
            "another folder, or free space."
        ) from error


if __name__ == "__main__":
    main()
