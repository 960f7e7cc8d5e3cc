"""A training run from settings to the published network, readable from top to bottom."""

import gc
import logging
from contextlib import closing
from pathlib import Path

import torch
import yaml
from accelerate import Accelerator
from accelerate.utils import set_seed
from tqdm import tqdm

from inpainting.data.sources import refuse_output_in_data
from inpainting.distributed import launched, without_gpu
from inpainting.errors import CheckpointError, InvalidConfig, first_line
from inpainting.inference.device import default_device, fast_dtype
from inpainting.io.files import atomic_write
from inpainting.losses.vgg import VggFeatures
from inpainting.models.bundled import WEIGHTS
from inpainting.models.critic import LEAST_SIDE
from inpainting.training.adversary import Adversary
from inpainting.training.config import TrainConfig
from inpainting.training.dry_run import dry_run
from inpainting.training.ema import moving_average
from inpainting.training.initial import freeze, initial_network
from inpainting.training.loader import make_loader
from inpainting.training.metrics_log import MetricsLog, check_tracker
from inpainting.training.publisher import Publisher
from inpainting.training.recipes import recipe_of
from inpainting.training.resume import resume, save
from inpainting.training.signals import StopSignal
from inpainting.training.step import Stepper
from inpainting.training.trainer import Trainer

log = logging.getLogger(__name__)

OPTIONS = "args.yaml"  # of a run, in its folder


def train(config: TrainConfig, stop: StopSignal) -> None:
    """From settings to a finished run, or to one that was asked to stop and is kept.

    Raises:
        InpaintingError: when the run cannot start, or had to end.
    """
    check_tracker(config.report_to)
    check_output(config)
    accelerator = make_accelerator(config)
    unwritten = train_with(accelerator, config, stop)
    # The model before the process group: the last one to hold a group waits for its threads, and
    # DistributedDataParallel does so without letting them have the interpreter, for ever.
    accelerator.free_memory()
    gc.collect()
    accelerator.end_training()
    if unwritten:
        reasons = "; ".join(unwritten)
        raise CheckpointError(f"{reasons}: free space, then run it again.")


def train_with(accelerator: Accelerator, config: TrainConfig, stop: StopSignal) -> list[str]:
    """The same, without the end of the processes.

    Returns:
        Why files that the run should have left could not be written.
    """
    trainer = prepare(config, accelerator)
    if config.dry_run:
        text = dry_run(trainer)
        accelerator.print(text)
        return []
    publisher = Publisher(trainer)
    resume(trainer)
    make_output(trainer)
    metrics = MetricsLog(config.output_dir, trainer.state.step, accelerator)
    if trainer.done >= 1:
        log.info(
            "%s is finished already: raise --epochs, --max-steps or --max-minutes, or use another "
            "--output-dir.", config.output_dir,
        )  # fmt: skip
    run_steps(trainer, metrics, stop, publisher)
    if accelerator.is_main_process and not stop.signal and not trainer.unwritten:
        publisher.finish()
        folder = str(config.output_dir)
        log.info("Saved in %s: InpaintingPipeline.from_pretrained(%r)", folder, folder)
    return list(trainer.unwritten.values())


def check_output(config: TrainConfig) -> None:
    """Refuse to write over a network that was given or that no run wrote, or among the data.

    Raises:
        InpaintingError: with the names.
    """
    output = config.output_dir
    refuse_output_in_data(output, config.data)
    if (
        config.init_from
        and output.is_dir()
        and Path(config.init_from).resolve() == output.resolve()
    ):
        raise InvalidConfig(
            f"--init-from {config.init_from} would be written over: choose another --output-dir."
        )
    if (output / WEIGHTS).exists() and not (output / OPTIONS).exists():
        raise InvalidConfig(
            f"{output / WEIGHTS} exists and was written by no run in this folder: choose another "
            "--output-dir."
        )


def run_steps(
    trainer: Trainer, metrics: MetricsLog, stop: StopSignal, publisher: Publisher
) -> None:
    """Steps until the budget is used or somebody asks to stop."""
    config, state = trainer.config, trainer.state
    batches = trainer.loader.batches(state.samples, trainer.accelerator.device)
    with closing(batches), progress_bar(trainer) as bar:
        stopping = False
        while trainer.done < 1 and not stopping:
            epoch = trainer.epoch
            terms, stopping = trainer.step(batches, bool(stop.signal))
            if terms:
                show(bar, trainer, terms)
            if state.step % config.logging_steps == 0:
                trainer.log_means(metrics)
            if trainer.done >= 1 or trainer.validation_is_due(epoch):
                trainer.validate(metrics)
                save(trainer)
                publisher.publish()
            elif stopping or state.step % config.checkpointing_steps == 0:
                save(trainer)


def prepare(config: TrainConfig, accelerator: Accelerator) -> Trainer:
    """Data, network and optimiser of a run that has not begun."""
    recipe = recipe_of(config)
    network = initial_network(recipe, config.init_from)
    multiple = network.config.multiple
    crop = recipe.crop or config.size
    if crop % multiple or crop > config.size:
        raise InvalidConfig(
            f"--crop is {crop}: the network needs a multiple of {multiple}, at most --size "
            f"{config.size}."
        )
    if recipe.loss.has_critics and crop < LEAST_SIDE:
        raise InvalidConfig(f"--crop is {crop}: critics need {LEAST_SIDE} pixels or more.")
    features = None
    if recipe.loss.perceptual or recipe.loss.style:
        features = VggFeatures(config.vgg_weights).to(accelerator.device)
    loader, validation = make_loader(config, recipe, accelerator)
    config = config.with_length(loader.length)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    freeze(network, recipe)
    optimizer = recipe.optimizer(network.parameters(), lr=recipe.lr)
    model, optimizer = accelerator.prepare(network, optimizer)
    ema = None
    if recipe.average:
        ema = moving_average(accelerator.unwrap_model(model), recipe.average)
    passes = config.gradient_accumulation_steps
    adversary = None
    if recipe.loss.has_critics:
        adversary = Adversary.made(recipe.critics, accelerator, recipe.guided)
    stepper = Stepper(recipe, accelerator, model, ema, optimizer, passes, features, adversary)
    return Trainer(config, recipe, accelerator, stepper, loader, validation)


def make_accelerator(config: TrainConfig) -> Accelerator:
    """Devices, processes, precision, accumulation, tracker."""
    accelerator = Accelerator(
        mixed_precision=precision(config.mixed_precision, config.cpu),
        cpu=config.cpu or (launched() and without_gpu()),  # or each would believe to be alone
        gradient_accumulation_steps=config.gradient_accumulation_steps,
        log_with=None if config.report_to == "none" else config.report_to,
        project_dir=config.output_dir,
    )
    if not accelerator.is_main_process:
        logging.getLogger("inpainting").setLevel(logging.ERROR)  # one process speaks for all
    set_seed(config.seed)
    torch.backends.cudnn.benchmark = True  # all batches are of one shape
    if config.report_to != "none" and not config.dry_run:
        accelerator.init_trackers(config.output_dir.name, config=_for_tracker(config))
    return accelerator


def precision(choice: str, cpu: bool) -> str:
    """accelerate's name for the fastest precision, unless one is chosen."""
    if choice != "auto":
        return choice
    device = torch.device("cpu") if cpu else default_device()
    return "bf16" if fast_dtype(device) == torch.bfloat16 else "no"


def make_output(trainer: Trainer) -> None:
    """Create the run's folder, with its settings in ``OPTIONS``.

    Raises:
        CheckpointError: when it cannot be written to.
    """
    if not trainer.accelerator.is_main_process:
        return
    config = trainer.config
    try:
        with atomic_write(config.output_dir / OPTIONS) as file:
            file.write(yaml.safe_dump(config.as_options()).encode())
    except OSError as error:
        raise CheckpointError(
            f"--output-dir {config.output_dir} cannot be written to ({first_line(error)}): give "
            "another folder, or free space."
        ) from error


def progress_bar(trainer: Trainer) -> tqdm:
    """Share of the budget used, time left, and what was last measured."""
    return tqdm(
        total=100,
        initial=min(100, 100 * trainer.done),
        bar_format="{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}",
        disable=not trainer.accelerator.is_main_process,
    )


def show(bar: tqdm, trainer: Trainer, terms: dict[str, float]) -> None:
    """The latest numbers beside the bar."""
    bar.n = min(100, 100 * trainer.done)
    shown = {
        "step": trainer.state.step,
        "loss": f"{terms['loss']:.4f}",
        "lr": f"{trainer.rate:.1e}",
    }
    if mean := trainer.state.logged.totals:
        seconds = mean["seconds"] / trainer.state.logged.count
        shown["images"] = f"{trainer.global_batch / seconds:.1f}/s"
    if trainer.scores:
        shown["psnr"] = f"{trainer.scores['psnr']:.2f} dB"
    bar.set_postfix(shown)


def _for_tracker(config: TrainConfig) -> dict[str, str | int | float | bool]:
    """Settings in types that every tracker takes."""
    plain = str | int | float | bool
    return {k: v if isinstance(v, plain) else str(v) for k, v in config.as_options().items()}
