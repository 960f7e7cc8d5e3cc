"""Measure everything and print it: ``python -m benchmarks [--update PAGE]``."""

import argparse
import platform
from datetime import UTC, datetime
from pathlib import Path

import torch

from benchmarks import networks, pictures, startup
from inpainting import InpaintingPipeline

MARK = "<!-- Everything below is written by `make bench`. -->"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", type=Path, help="page to put it in, below its mark")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--quick", action="store_true", help="leave out 1024 px")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    devices = [torch.device("cpu")]
    if torch.cuda.is_available():
        devices.append(torch.device("cuda"))
    pipe = InpaintingPipeline.from_pretrained()
    sections = {
        "Start": startup.startup_table(),
        "A call beside its network, 512 px": pictures.overhead_table(pipe),
        "A photo of 12 megapixels": pictures.large_photo_table(),
        "Texture in a deep hole": pictures.texture_table(),
        "Training steps": "\n\n".join(networks.step_table(device) for device in devices),
        "Forward passes": "\n\n".join(
            networks.forward_table(device, not args.quick) for device in devices
        ),
        "How it grows": pictures.scaling_tables(pipe),
    }
    text = f"{describe(args.threads)}\n"
    text += "".join(f"\n### {title}\n\n{body}\n" for title, body in sections.items())
    print(f"\n{text}")
    if args.update:
        prose, mark, _ = args.update.read_text(encoding="utf-8").partition(MARK)
        args.update.write_text(f"{prose}{mark}\n\n{text}", encoding="utf-8")


def describe(threads: int) -> str:
    """Date, machine and versions."""
    machine = f"{_processor()}, {threads} threads"
    if torch.cuda.is_available():
        machine += f"; {torch.cuda.get_device_name()}"
    return f"{datetime.now(UTC):%Y-%m-%d}, {machine}, torch {torch.__version__.partition('+')[0]}."


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.partition(": ")[2] for line in info.read_text().splitlines()
             if line.startswith("model name")] if info.exists() else []  # fmt: skip
    flags = torch.backends.cpu.get_cpu_capability()
    return f"{names[0] if names else platform.processor()} ({flags})"


if __name__ == "__main__":
    main()
