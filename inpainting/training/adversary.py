"""The adversary: critics that learn to find fills, and what they tell the network meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor, nn

from inpainting.losses.adversarial import critic_loss, fooling_loss, matching_loss
from inpainting.models.critic import Critic, CriticConfig
from inpainting.models.guide import Guide
from inpainting.training.optimizer_step import take_step


class Phase(Enum):
    """Who learns: first the network alone, then its critics alone, then both (Iizuka et al.)."""

    NETWORK = "network"
    CRITICS = "critics"
    BOTH = "both"


class Critics(nn.Module):
    """Several critics of the same fills; ``guided`` ones are shown the guide beside them."""

    def __init__(self, forms: Sequence[str], guided: bool = False) -> None:
        super().__init__()
        inputs = 3 + 5 * guided
        self.critics = nn.ModuleList(
            Critic(CriticConfig(form=form, inputs=inputs)) for form in forms
        )

    def forward(
        self, target: Tensor, filled: Tensor, valid: Tensor, guide: Guide | None = None
    ) -> Tensor:
        """Sum of the critics' own losses, a scalar.

        Args:
            target: originals, float (B, 3, H, W), RGB in [0, 1].
            filled: composites, the same.
            valid: float (B, 1, H, W), 1 = known.
            guide: of the fills, for guided critics.
        """
        losses = []
        for critic in self.critics:
            both, seen = _views(critic, target, filled, valid, guide)
            real, fill = critic(both).scores.chunk(2)
            losses.append(critic_loss(real, fill, critic.missing_share(seen)))  # type: ignore[operator]
        return torch.stack(losses).sum()

    def say(
        self, target: Tensor, filled: Tensor, valid: Tensor, guide: Guide | None = None
    ) -> dict[str, Tensor]:
        """What the network is told, ``adversarial`` and ``matching``: sums over critics.

        Args:
            target, filled, valid, guide: as for :meth:`forward`.
        """
        fooling, matching = [], []
        for critic in self.critics:
            both, seen = _views(critic, target, filled, valid, guide)
            opinion = critic(both)
            share = critic.missing_share(seen)  # type: ignore[operator]
            fooling.append(fooling_loss(opinion.scores.chunk(2)[1], share))
            real, fill = zip(*(x.float().chunk(2) for x in opinion.features), strict=True)
            matching.append(matching_loss(fill, real))
        return {
            "adversarial": torch.stack(fooling).sum(),
            "matching": torch.stack(matching).sum(),
        }


@dataclass
class Adversary:
    """Critics and their optimiser.

    ``model``: of :class:`Critics`, as accelerate has wrapped it.
    """

    accelerator: Accelerator
    model: nn.Module
    optimizer: AcceleratedOptimizer

    @classmethod
    def made(
        cls, forms: Sequence[str], accelerator: Accelerator, guided: bool = False
    ) -> "Adversary":
        """New critics, on the device; Adam without momentum, for the game turns."""
        critics = Critics(forms, guided).train()
        optimizer = torch.optim.Adam(critics.parameters(), betas=(0.0, 0.99), fused=True)
        return cls(accelerator, *accelerator.prepare(critics, optimizer))

    @property
    def critics(self) -> Critics:
        """Without accelerate's wrapper."""
        return self.accelerator.unwrap_model(self.model)

    def say(
        self, target: Tensor, filled: Tensor, valid: Tensor, guide: Guide | None = None
    ) -> dict[str, Tensor]:
        """:meth:`Critics.say`; the critics stay as they are, the vectors of their norm included."""
        critics = self.critics.eval()
        with self.accelerator.autocast():
            told = critics.say(target, filled, valid, guide)
        critics.train()
        return told

    def gradients(
        self,
        target: Tensor,
        filled: Tensor,
        valid: Tensor,
        weight: Tensor,
        guide: Guide | None = None,
    ) -> Tensor:
        """Gradients of the critics' loss; the loss.

        Args:
            target, filled, valid, guide: as for :meth:`Critics.forward`.
            weight: of the batch, 0 or 1.
        """
        with self.accelerator.autocast():
            loss = self.model(target, filled, valid, guide)
        self.accelerator.backward(loss * weight)
        return loss.detach()

    def step(self, rate: float, loss: Tensor) -> None:
        """One step of the critics, or none where their loss or gradient is not finite."""
        gradients = [p.grad for p in self.critics.parameters() if p.grad is not None]
        finite = torch.isfinite(loss) & torch.isfinite(nn.utils.get_total_norm(gradients))
        take_step(self.accelerator, self.optimizer, rate, finite)

    def state_dict(self) -> dict[str, Any]:
        """Weights, the vectors of their norm, and the optimiser."""
        return {"critics": self.critics.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from :meth:`state_dict`."""
        self.critics.load_state_dict(state["critics"])
        self.optimizer.load_state_dict(state["optimizer"])


def _views(
    critic: nn.Module, target: Tensor, filled: Tensor, valid: Tensor, guide: Guide | None
) -> tuple[Tensor, Tensor]:
    """What a critic sees of originals and composites, one after the other, and their mask."""
    beside = []
    if critic.config.inputs > 3:  # type: ignore[union-attr, operator]
        guide = guide or Guide.none(target)
        line = torch.zeros_like(valid) if guide.line is None else guide.line.clamp(min=0)
        beside = [guide.colour * guide.given, guide.given, line]
    both = torch.cat([target, *beside, filled, *beside], 1)
    pictures, seen = critic.view(both, valid)  # type: ignore[operator]
    return torch.cat(pictures.chunk(2, 1)), seen
