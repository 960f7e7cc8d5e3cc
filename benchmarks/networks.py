"""Our networks beside others of their shapes: without masks, and with masks as usual."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.measure import Work, in_turn, milliseconds, ratio
from benchmarks.plain_nets import PlainConv, UsualPartialConv, plain_net
from inpainting import ResidualUNet
from inpainting.evaluation.tables import markdown
from inpainting.inference.predict import Predictor
from inpainting.masks.convert import valid_from_hole
from inpainting.masks.ratios import sample_bucket
from inpainting.models.biharmonic import smooth_fill
from inpainting.models.registry import ARCHITECTURES
from inpainting.seeding import generator_for

BUCKET = 3  # holes of 30 to 40 %
STEPS = (("pconv_unet", 128, 4), ("pconv_unet", 256, 2), ("residual_unet", 128, 8))


def forward_table(device: torch.device, large: bool) -> str:
    """Forward passes of every size, batch and precision."""
    rows = []
    for name in ARCHITECTURES:
        for size, batch, dtype in _cases(device, large):
            rows.append(_forward_row(name, size, batch, dtype, device))
            print(*rows[-1], flush=True)
    head = (
        "network", "device", "size", "batch", "precision", "ours (ms)", "plain (ms)", "usual (ms)",
        "ours ÷ plain", "without the smooth fill", "ours ÷ usual",
    )  # fmt: skip
    return markdown(head, rows)


def step_table(device: torch.device) -> str:
    """Training steps: forward, backward, Adam."""
    rows = []
    for name, size, batch in STEPS:
        rows.append(_step_row(name, size, batch, device))
        print(*rows[-1], flush=True)
    head = ("network", "device", "crop", "batch", "ours (ms)", "plain (ms)", "ours ÷ plain")
    return markdown(head, rows)


def _cases(device: torch.device, large: bool) -> list[tuple[int, int, torch.dtype]]:
    full, half = torch.float32, torch.bfloat16
    cases = [(size, batch, full) for size in (256, 512) for batch in (1, 8)]
    if large:
        cases += [(1024, 1, full), (1024, 8, full)]
    # Emulated on many CPUs: the ratio is of interest, and small sizes give it.
    sizes = (256, 512, 1024) if device.type == "cuda" else (256, 512)
    return cases + [(size, 1, half) for size in sizes]


def _batch(size: int, batch: int, device: torch.device) -> tuple[Tensor, Tensor]:
    holes = np.stack([
        sample_bucket((size, size), generator_for(k), BUCKET, bool(k % 2)) for k in range(batch)
    ])  # fmt: skip
    valid = valid_from_hole(torch.from_numpy(holes)[:, None]).to(device)
    picture = torch.rand(batch, 3, size, size, device=device)
    return picture.contiguous(memory_format=torch.channels_last), valid


def _forward_row(
    name: str, size: int, batch: int, dtype: torch.dtype, device: torch.device
) -> tuple[object, ...]:
    ours = Predictor(ARCHITECTURES[name]().eval(), device, dtype)
    config = ours.model.config
    plain, usual = (
        net.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for net in (
            plain_net(config, PlainConv).eval().fused(),
            plain_net(config, UsualPartialConv),
        )
    )
    picture, valid = _batch(size, batch, device)
    mask = valid.expand_as(picture).contiguous(memory_format=torch.channels_last)
    works: dict[str, Work] = {
        "ours": lambda: ours.run(picture, valid),
        "plain": lambda: plain(picture),
        "usual": lambda: usual(picture, mask),
    }
    residual = isinstance(ours.model, ResidualUNet)
    if residual:  # what no plain network has
        works["start"] = lambda: smooth_fill(picture, valid, config.smooth_steps)
    with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        times = in_turn(works)
    rest = "–"
    if residual:
        times["rest"] = [a - b for a, b in zip(times["ours"], times["start"], strict=True)]
        rest = f"{ratio(times, 'rest', 'plain'):.2f}"
    return (
        name, device.type, size, batch, str(dtype).removeprefix("torch."),
        *(f"{milliseconds(times[side]):.0f}" for side in ("ours", "plain", "usual")),
        f"{ratio(times, 'ours', 'plain'):.2f}", rest, f"{ratio(times, 'ours', 'usual'):.2f}",
    )  # fmt: skip


def _step_row(name: str, size: int, batch: int, device: torch.device) -> tuple[object, ...]:
    network = ARCHITECTURES[name]()
    ours, plain = (
        net.train().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for net in (network, plain_net(network.config, PlainConv))
    )
    picture, valid = _batch(size, batch, device)
    optimizers = {net: torch.optim.Adam(net.parameters()) for net in (ours, plain)}

    def step(net: nn.Module, paint: Callable[[], Tensor]) -> None:
        (paint() - picture).pow(2).mean().backward()
        optimizers[net].step()
        optimizers[net].zero_grad()

    works: dict[str, Work] = {
        "ours": lambda: step(ours, lambda: ours(picture, valid).image),
        "plain": lambda: step(plain, lambda: plain(picture)[:, :3]),
    }
    times = in_turn(works, repeats=7)
    values = (f"{milliseconds(times[side]):.0f}" for side in works)
    return name, device.type, size, batch, *values, f"{ratio(times, 'ours', 'plain'):.2f}"
