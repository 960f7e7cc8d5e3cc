"""What of a trainer goes into a state file, and how a trainer goes on from one."""

import logging
from dataclasses import asdict
from pathlib import Path

from accelerate.utils import broadcast_object_list, gather_object

from inpainting.errors import CheckpointError
from inpainting.models.registry import config_from_json, config_to_json
from inpainting.training.checkpoints import (
    State,
    clear_states,
    load_state,
    save_state,
    state_files,
)
from inpainting.training.config import changes
from inpainting.training.trainer import Trainer
from inpainting.training.trainer_state import TrainerState

log = logging.getLogger(__name__)


def save(trainer: Trainer) -> None:
    """Write the state to resume from; every process calls this at the same step."""
    trainer.settle()
    place = trainer.loader.sampler.state(trainer.state.samples)
    places = gather_object([place]) if place is not None else None
    if not trainer.accelerator.is_main_process:
        return
    config, stepper, scaler = trainer.config, trainer.stepper, trainer.accelerator.scaler
    state = {
        "recipe": config.recipe,
        "config": config_to_json(stepper.network.config),
        "model": stepper.network.state_dict(),
        "ema": stepper.ema.state_dict() if stepper.ema else None,
        "optimizer": stepper.optimizer.state_dict(),
        "adversary": stepper.adversary.state_dict() if stepper.adversary else None,
        "scaler": scaler.state_dict() if scaler else None,
        "progress": asdict(trainer.state),
        "places": places,
        "options": config.as_options(),
    }
    with trainer.may_fail_to_write("The state"):
        save_state(config.output_dir, state, trainer.state.step, config.checkpoints_total_limit)


def resume(trainer: Trainer) -> None:
    """Go on from the state that ``--resume`` means, if there is one; all processes alike.

    Raises:
        CheckpointError: when there should be one and is not, or it does not fit.
    """
    found: list[State | CheckpointError | None] = [None]
    if trainer.accelerator.is_main_process:
        try:
            found = [_find(trainer)]
        except CheckpointError as error:  # told to the others, who wait for it
            found = [error]
    if trainer.accelerator.num_processes > 1:
        broadcast_object_list(found)
    if isinstance(found[0], CheckpointError):
        raise found[0]
    if found[0] is not None:
        restore(trainer, found[0])


def restore(trainer: Trainer, state: State) -> None:
    """Go on from a state that :func:`save` wrote.

    Raises:
        CheckpointError: when it is of another recipe, network or number of streams.
    """
    _check_fits(trainer, state)
    stepper, accelerator = trainer.stepper, trainer.accelerator
    stepper.network.load_state_dict(state["model"])
    if stepper.ema:
        stepper.ema.load_state_dict(state["ema"])
    stepper.optimizer.load_state_dict(state["optimizer"])
    if stepper.adversary and state.get("adversary"):  # none before there were any, or without
        stepper.adversary.load_state_dict(state["adversary"])
    if accelerator.scaler and state["scaler"]:
        accelerator.scaler.load_state_dict(state["scaler"])
    trainer.state = TrainerState.restored(state["progress"])
    if state["places"] is not None:
        trainer.loader.sampler.restore(state["places"][accelerator.process_index])
    log.info("Resuming at step %d", trainer.state.step)
    for change in changes(state["options"], trainer.config.as_options()):
        log.info("Not as before: %s; the run goes on, but it is another one now", change)


def _find(trainer: Trainer) -> State | None:
    folder, wanted = trainer.config.output_dir, trainer.config.resume
    if wanted == "never":
        clear_states(folder)
        return None
    if wanted in ("auto", "latest"):
        return load_state(folder) if state_files(folder) else None
    return load_state(Path(wanted))


def _check_fits(trainer: Trainer, state: State) -> None:
    config, places = trainer.config, state["places"]
    other = "use that one, another --output-dir, or --resume never."
    if state["recipe"] != config.recipe:
        raise CheckpointError(
            f"The state is of recipe {state['recipe']!r}, not {config.recipe!r}: {other}"
        )
    if config_from_json(state["config"]) != trainer.stepper.network.config:
        raise CheckpointError(f"The state is of a network of another shape: {other}")
    if (places is not None) != config.streaming:
        word = "without" if places is None else "with"
        raise CheckpointError(f"The state is of a run {word} --streaming: {other}")
    if places is not None and len(places) != trainer.accelerator.num_processes:
        raise CheckpointError(
            f"The stream was read by {len(places)} processes, not "
            f"{trainer.accelerator.num_processes}: go on with as many, or with --resume never."
        )
