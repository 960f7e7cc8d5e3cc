"""Three networks of one shape: ours, one without masks, and one with masks as usually published."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from inpainting import PConvUNet, PConvUNetConfig
from inpainting.config import ACTIVATIONS
from inpainting.correction import fold, unfold
from inpainting.fold_norm import fold_norm
from inpainting.masks import valid_from_hole
from inpainting.random_masks import generator_for, sample_bucket
from inpainting.smooth_fill import smooth_fill

from .measure import in_turn, milliseconds, ratio, table

BUCKET = 3  # holes of 30 to 40 %
MakeConv = Callable[..., nn.Module]


class UsualPartialConv(nn.Module):
    """As in the published implementations: the mask has every channel and meets a ones-kernel."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.feature = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        ones = torch.ones_like(self.feature.weight)
        self.register_buffer("ones", ones, persistent=False)
        self.window = in_channels * kernel**2

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        y = self.feature(x * mask)
        with torch.no_grad():
            count = F.conv2d(mask, self.ones, None, self.feature.stride, self.feature.padding)
        empty = count == 0
        y = y / count.masked_fill(empty, 1.0) * self.window + self.bias.view(1, -1, 1, 1)
        return y.masked_fill(empty, 0.0), torch.ones_like(y).masked_fill(empty, 0.0)


class PlainConv(nn.Conv2d):
    """An ordinary convolution; the mask passes by."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, stride: int) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, kernel // 2)

    def forward(self, x: Tensor, mask: None) -> tuple[Tensor, None]:
        return super().forward(x), None


class Block(nn.Module):
    def __init__(
        self, make: MakeConv, sizes: tuple[int, int, int, int], norm: bool, activation: str
    ) -> None:
        super().__init__()
        self.conv = make(*sizes)
        self.norm = nn.BatchNorm2d(sizes[1]) if norm else nn.Identity()
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x, mask = self.conv(x, mask)
        return self.activation(self.norm(x)), mask


class Unit(nn.Module):
    def __init__(self, make: MakeConv, channels: int, norm: bool, activation: str) -> None:
        super().__init__()
        self.first = Block(make, (channels, channels, 3, 1), norm, activation)
        self.second = Block(make, (channels, channels, 3, 1), norm, "none")

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor | None]:
        y, mask = self.second(*self.first(x, mask))
        return y.add_(x), mask


class ReferenceUNet(nn.Module):
    """The shape of a :class:`PConvUNetConfig`, of any kind of convolution; no smooth start."""

    def __init__(self, config: PConvUNetConfig, make: MakeConv) -> None:
        super().__init__()
        self.config = c = config
        batch, levels = c.norm == "batch", range(len(c.channels))
        self.encoder = nn.ModuleList()
        for i in levels:
            entry = c.channels[i - 1] if i else sum(c.inputs)
            sizes = (entry, c.channels[i], c.kernels[i], c.strides[i])
            norm = batch and (i > 0 or c.norm_first)
            first = Block(make, sizes, norm, c.encoder_activation)
            self.encoder.append(nn.ModuleList([first, *self._units(make, i, c.encoder_activation)]))
        self.decoder = nn.ModuleList()
        for i in reversed(levels[1 if c.residual else 0 :]):
            below, channels = c.channels[i], c.channels[i - 1] if i else 3
            if c.residual:
                join: nn.Module = nn.Conv2d(below, channels, 1)
            else:
                act = c.decoder_activation if i else "none"
                join = Block(make, (below + channels, channels, 3, 1), batch and i > 0, act)
            units = self._units(make, i - 1, c.decoder_activation) if i else []
            self.decoder.append(nn.ModuleList([join, *units]))
        if c.residual:
            self.head = nn.Conv2d(c.channels[0], 4 * c.fold**2, 3, padding=1)

    def _units(self, make: MakeConv, level: int, activation: str) -> list[Unit]:
        c = self.config
        batch = c.norm == "batch"
        return [Unit(make, c.channels[level], batch, activation) for _ in range(c.units[level])]

    def forward(self, picture: Tensor, mask: Tensor | None = None) -> Tensor:
        """Float (B, 3, H, W); ``mask`` float (B, 3, H, W), for usual partial convolutions only."""
        c, x = self.config, picture
        if c.residual:  # our network's other inputs are a second picture and the hole
            x = torch.cat([picture, picture, picture[:, :1]], 1)
            x = fold(x, c.fold).contiguous(memory_format=torch.channels_last)
            if mask is not None:
                mask = fold(torch.cat([mask, torch.ones_like(x[:, :4, :1, :1]).expand(
                    -1, -1, *mask.shape[-2:])], 1), c.fold)  # fmt: skip
        skips = [] if c.residual else [(x, mask)]
        for level in self.encoder:
            for part in level:
                x, mask = part(x, mask)
            skips.append((x, mask))
        skips.pop()
        for stride, (join, *units) in zip(reversed(c.strides), self.decoder, strict=False):
            skip, skip_mask = skips.pop()
            if c.residual:
                x = F.interpolate(join(x), scale_factor=stride).add_(skip)
                mask = skip_mask
            else:
                x = torch.cat([F.interpolate(x, scale_factor=stride), skip], 1)
                if mask is not None:
                    mask = torch.cat([F.interpolate(mask, scale_factor=stride), skip_mask], 1)
                x, mask = join(x, mask)
            for unit in units:
                x, mask = unit(x, mask)
        return unfold(self.head(x), c.fold) if c.residual else x

    def folded(self) -> "ReferenceUNet":
        """Norms in the convolutions, as in ours."""
        for block in self.modules():
            if isinstance(block, Block) and isinstance(block.norm, nn.BatchNorm2d):
                fused = fuse_conv_bn_eval(block.conv, block.norm)
                block.conv.weight, block.conv.bias, block.norm = (
                    fused.weight, fused.bias, nn.Identity(),
                )  # fmt: skip
        return self


def forward_table(device: torch.device, large: bool) -> str:
    """Forward passes of every size, batch and precision."""
    rows = []
    for preset in ("classic", "default"):
        for size, batch, dtype in _cases(device, large):
            rows.append(_forward_row(preset, size, batch, dtype, device))
            print(*rows[-1], flush=True)
    head = (
        "preset", "device", "size", "batch", "precision", "ours (ms)", "plain (ms)", "usual (ms)",
        "ours ÷ plain", "without the smooth start", "ours ÷ usual",
    )  # fmt: skip
    return table(head, rows)


def step_table(device: torch.device) -> str:
    """Training steps: forward, backward, Adam."""
    rows = []
    for preset, size, batch in (("classic", 128, 4), ("classic", 256, 2), ("default", 128, 8)):
        rows.append(_step_row(preset, size, batch, device))
        print(*rows[-1], flush=True)
    head = ("preset", "device", "crop", "batch", "ours (ms)", "plain (ms)", "ours ÷ plain")
    return table(head, rows)


def _cases(device: torch.device, large: bool) -> list[tuple[int, int, torch.dtype]]:
    full, half = torch.float32, torch.bfloat16
    cases = [(size, batch, full) for size in (256, 512) for batch in (1, 8)]
    if large:
        cases += [(1024, 1, full), (1024, 8, full)]
    # Emulated on many CPUs: the ratio is of interest, and small sizes give it.
    sizes = (256, 512, 1024) if device.type == "cuda" else (256, 512)
    return cases + [(size, 1, half) for size in sizes]


def _batch(size: int, batch: int, device: torch.device) -> tuple[Tensor, Tensor]:
    holes = [
        sample_bucket((size, size), generator_for(k), BUCKET, bool(k % 2)) for k in range(batch)
    ]
    valid = valid_from_hole(torch.stack(holes)).to(device)
    picture = torch.rand(batch, 3, size, size, device=device)
    return picture.contiguous(memory_format=torch.channels_last), valid


def _forward_row(
    preset: str, size: int, batch: int, dtype: torch.dtype, device: torch.device
) -> tuple[object, ...]:
    config = PConvUNetConfig.preset(preset)
    ours, plain, usual = (
        net.eval().to(device, memory_format=torch.channels_last)
        for net in (
            fold_norm(PConvUNet(config).eval()),
            ReferenceUNet(config, PlainConv).eval().folded(),
            ReferenceUNet(config, UsualPartialConv),
        )
    )
    picture, valid = _batch(size, batch, device)
    mask = valid.expand_as(picture).contiguous(memory_format=torch.channels_last)
    works = {
        "ours": lambda: ours(picture, valid),
        "plain": lambda: plain(picture),
        "usual": lambda: usual(picture, mask),
    }
    if config.residual:
        works["start"] = lambda: smooth_start(ours, picture, valid)
    with torch.inference_mode(), torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        times = in_turn(works)
    rest = "–"
    if config.residual:
        times["rest"] = [a - b for a, b in zip(times["ours"], times["start"], strict=True)]
        rest = f"{ratio(times, 'rest', 'plain'):.2f}"
    name = str(dtype).removeprefix("torch.")
    return (
        preset, device.type, size, batch, name,
        *(f"{milliseconds(times[side]):.0f}" for side in ("ours", "plain", "usual")),
        f"{ratio(times, 'ours', 'plain'):.2f}", rest, f"{ratio(times, 'ours', 'usual'):.2f}",
    )  # fmt: skip


def smooth_start(model: PConvUNet, picture: Tensor, valid: Tensor) -> Tensor:
    """The part of our forward pass that no plain network has."""
    return smooth_fill(picture, valid, model.config.smooth_steps)


def _step_row(preset: str, size: int, batch: int, device: torch.device) -> tuple[object, ...]:
    config = PConvUNetConfig.preset(preset)
    ours = PConvUNet(config).train().to(device, memory_format=torch.channels_last)
    plain = ReferenceUNet(config, PlainConv).train().to(device, memory_format=torch.channels_last)
    picture, valid = _batch(size, batch, device)
    optimizers = {net: torch.optim.Adam(net.parameters()) for net in (ours, plain)}

    def step(net: nn.Module, paint: Callable[[], Tensor]) -> None:
        (paint() - picture).pow(2).mean().backward()
        optimizers[net].step()
        optimizers[net].zero_grad()

    works = {
        "ours": lambda: step(ours, lambda: ours(picture, valid).image),
        "plain": lambda: step(plain, lambda: plain(picture)[:, :3]),
    }
    times = in_turn(works, repeats=7)
    values = (f"{milliseconds(times[side]):.0f}" for side in works)
    return preset, device.type, size, batch, *values, f"{ratio(times, 'ours', 'plain'):.2f}"
