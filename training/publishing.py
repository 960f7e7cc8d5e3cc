"""What goes to the Hub: every validated network while training, and a measured one at the end."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from inpainting.card import write_card

from .hub import Pusher, check
from .run import Run

EVAL = Path(__file__).parents[1] / "eval.py"
LIMIT = 300  # pictures of the test split that the card's numbers are from


class Publisher:
    """Uploads of a run; without ``--push-to-hub`` it does nothing.

    Raises:
        HubError: at once, when the token or the repository is not good for pushing.
    """

    def __init__(self, run: Run) -> None:
        args, self.run = run.args, run
        self.pusher: Pusher | None = None
        if args.push_to_hub and run.accelerator.is_main_process:
            name = args.hub_model_id or args.output_dir.resolve().name
            args.hub_model_id = check(name, args.hub_token, args.hub_private_repo)
            self.pusher = Pusher(args.output_dir, args.hub_model_id, args.hub_token, run.say)

    def publish(self) -> None:
        """Upload what the folder holds now, in the background."""
        if self.pusher:
            self.pusher.push(f"Step {self.run.progress.step}")

    def finish(self) -> None:
        """Measure the published network, write its card, upload, and wait for that.

        Raises:
            HubError: when the last upload failed; the files are kept.
        """
        if not self.pusher:
            return
        run = self.run
        write_card(run.args.output_dir, run.card(self._results()), run.say)
        commit = self.pusher.finish(f"Trained for {run.progress.step} steps")
        run.say(f"Pushed to {run.args.hub_model_id} at revision {commit}")

    def _results(self) -> dict[str, Any] | None:
        """What ``eval.py`` measures on the test split; None, and a word about it, if it cannot."""
        args = self.run.args
        folder = args.output_dir / "eval"
        flags = {
            "--checkpoint": args.output_dir, "--data": args.data, "--limit": LIMIT,
            "--image-column": args.image_column, "--data-revision": args.revision,
            "--size": args.size, "--output-dir": folder, "--methods": "model",
            "--device": self.run.accelerator.device,
        }  # fmt: skip
        if args.streaming:
            self.run.say("A streamed set is not evaluated: give eval.py one that fits the disk.")
            return None
        words = [
            str(x) for flag, value in flags.items() if value is not None for x in (flag, value)
        ]
        done = subprocess.run([sys.executable, str(EVAL), *words], stdout=subprocess.DEVNULL)
        if done.returncode:
            self.run.say("The card has no measured results: eval.py failed, see above.")
            return None
        return json.loads((folder / "results.json").read_text(encoding="utf-8"))
