"""Uploads of a run: every validated network while training, and a measured one at the end."""

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from inpainting.data.sources import DataSet
from inpainting.evaluation.config import EvalConfig
from inpainting.evaluation.runner import evaluate
from inpainting.evaluation.statistics import MODEL
from inpainting.training.model_card import write_card
from inpainting.training.trainer import Trainer

if TYPE_CHECKING:
    from inpainting.training.hub import Pusher

log = logging.getLogger(__name__)

LIMIT = 300  # pictures of the test split that the card's numbers are from


class Publisher:
    """Pushes a run to the Hub; without ``--push-to-hub`` it does nothing.

    Raises:
        HubError: at once, when the token or the repository is not good for pushing.
    """

    def __init__(self, trainer: Trainer) -> None:
        config, self.trainer = trainer.config, trainer
        self.pusher: Pusher | None = None
        if config.push_to_hub and trainer.accelerator.is_main_process:
            from inpainting.training import hub  # changes the Hub's client of this process

            name = config.hub_model_id or config.output_dir.resolve().name
            full = hub.check(name, config.hub_token, config.hub_private_repo)
            trainer.config = replace(config, hub_model_id=full)
            self.pusher = hub.Pusher(config.output_dir, full, config.hub_token)

    def publish(self) -> None:
        """Upload what the folder holds now, in the background."""
        if self.pusher:
            self.pusher.push(f"Step {self.trainer.state.step}")

    def finish(self) -> None:
        """Measure the published network, write its card, upload, and wait for that.

        Raises:
            HubError: when the last upload failed; the files are kept.
        """
        if not self.pusher:
            return
        trainer = self.trainer
        write_card(trainer.config.output_dir, trainer.card(self._results()))
        commit = self.pusher.finish(f"Trained for {trainer.state.step} steps")
        log.info("Pushed to %s at revision %s", trainer.config.hub_model_id, commit)

    def _results(self) -> dict[str, Any] | None:
        """Scores on the test split; None, and why in the log, if they cannot be had."""
        config = self.trainer.config
        if config.streaming:
            log.info("A streamed set is not evaluated: give eval.py one that fits the disk.")
            return None
        data = DataSet(config.data, config.image_column, config.revision)
        evaluation = EvalConfig(
            data=data,
            checkpoint=str(config.output_dir),
            limit=LIMIT,
            methods=(MODEL,),
            size=config.size,
            device=self.trainer.accelerator.device,
            output_dir=config.output_dir / "eval",
        )
        try:
            return evaluate(evaluation, evaluation.command())
        except Exception:  # whatever it is, the network is uploaded
            log.exception("The card has no measured results: the evaluation failed.")
            return None
