"""Networks on disk and on the Hugging Face Hub: ``config.json`` and ``model.safetensors``.

Loading is strict: a missing or foreign weight is an error that names it, never a network that is
partly random.
"""

import json
import re
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from inpainting.errors import CheckpointError, InvalidConfig, first_line
from inpainting.io.files import atomic_write, digest
from inpainting.models.base import Network, NetworkConfig
from inpainting.models.bundled import BUNDLED, BUNDLED_SHA256, CONFIG, WEIGHTS
from inpainting.models.registry import build, config_from_json, config_to_json


def save_pretrained(model: Network, folder: str | Path) -> None:
    """Write a network's two files so that :func:`load_pretrained` and the Hub can read them.

    Weights are stored in half precision: that halves the file, and its rounding (2⁻¹¹) is far
    below what 8 bits can show.

    Args:
        model: the network; it stays as it is.
        folder: created if need be; files of the same name are replaced, each at once.

    Raises:
        OSError: when a file cannot be written; an older one of that name stays complete.
    """
    folder = Path(folder)
    weights = {
        name: (w.half() if w.is_floating_point() else w).detach().cpu().contiguous()
        for name, w in model.state_dict().items()
    }
    with atomic_write(folder / WEIGHTS) as file:
        file.write(save(weights, metadata={"format": "pt"}))
    with atomic_write(folder / CONFIG) as file:
        file.write((json.dumps(config_to_json(model.config), indent=2) + "\n").encode())


def load_pretrained(
    name_or_path: str | Path | None = None,
    revision: str | None = None,
    sha256: str | None = None,
) -> Network:
    """Read a network, in evaluation mode, on the CPU, in float32.

    Args:
        name_or_path: a folder, a Hub id ``user/repo``, or None for the network that comes with
            this package (no network access).
        revision: branch, tag or commit of a Hub repository; pin a commit in production.
        sha256: digest that ``model.safetensors`` must have, in hexadecimal. Without it, the
            bundled file must have the one it was shipped with, and a downloaded file the one that
            the Hub tells.

    Raises:
        CheckpointError: when files are missing, damaged, not the expected ones, or do not fit the
            configuration. Nothing in them is ever run.
    """
    folder = _folder(name_or_path, revision)
    path = folder / WEIGHTS
    _check_digest(path, sha256 or (BUNDLED_SHA256 if name_or_path is None else _told_by_hub(path)))
    config = _read_config(folder / CONFIG)
    weights = _read_weights(path)
    model = _without_memory(config, folder)
    expected = model.state_dict()
    missing, unexpected = sorted(expected.keys() - weights), sorted(weights.keys() - expected)
    shapes = [n for n in expected.keys() & weights if expected[n].shape != weights[n].shape]
    if missing or unexpected or shapes:
        raise CheckpointError(
            f"{path} does not fit its {CONFIG}: missing {_some(missing)}, unexpected "
            f"{_some(unexpected)}, of another shape {_some(sorted(shapes))}; use the two files "
            "that were saved together."
        )
    # Copies: safetensors maps the file, which somebody may cut short. Each pass over the weights
    # counts where cores are busy: they are converted as they are copied, and NumPy looks at them
    # without waiting for a second thread.
    own = {name: w.to(expected[name].dtype, copy=True) for name, w in weights.items()}
    bad = [name for name, w in own.items() if not np.isfinite(w.numpy()).all()]
    if bad:
        raise CheckpointError(
            f"{path} holds NaN or infinity in {_some(bad)}: the training that wrote "
            "it diverged; use an earlier checkpoint."
        )
    model.load_state_dict(own, assign=True)
    return model.eval()


def weights_digest(name_or_path: str | Path | None = None, revision: str | None = None) -> str:
    """SHA-256 of a checkpoint's weights file, in hexadecimal: which network it is.

    Args:
        name_or_path, revision: as for :func:`load_pretrained`, which has read it before.
    """
    return digest(_folder(name_or_path, revision) / WEIGHTS)


def _folder(name_or_path: str | Path | None, revision: str | None) -> Path:
    folder = Path(name_or_path) if name_or_path is not None else BUNDLED
    return folder if folder.is_dir() else _download(str(name_or_path), revision)


def _told_by_hub(path: Path) -> str | None:
    """The digest that the Hub told of a downloaded file: its cache names files by it."""
    name = path.resolve().name
    return name if re.fullmatch("[0-9a-f]{64}", name) else None


def _check_digest(path: Path, expected: str | None) -> None:
    if expected and path.is_file() and (found := digest(path)) != expected.lower():
        raise CheckpointError(
            f"{path} has the SHA-256 {found}, and {expected} is expected: it is damaged or another "
            "file; download it again, or check what you expect."
        )


def _without_memory(config: NetworkConfig, folder: Path) -> Network:
    """A network without memory for its weights: a configuration may ask for too much.

    Raises:
        CheckpointError: when there can be no such network.
    """
    try:
        with torch.device("meta"):
            return build(config)
    except (RuntimeError, ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"{folder / CONFIG} describes no network that can be built ({first_line(error)}): use "
            "the file that was saved with the weights."
        ) from error


def _download(repo_id: str, revision: str | None) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HFValidationError, HTTPError

    try:
        config = hf_hub_download(repo_id, CONFIG, revision=revision)
        # Of the same commit, also when somebody pushes in between.
        hf_hub_download(repo_id, WEIGHTS, revision=Path(config).parent.name)
    except (HTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(
            f"No checkpoint {repo_id!r} (revision {revision or 'main'}) was found, neither as a "
            f"folder nor on the Hub ({first_line(error)}): check the name, or give a folder "
            f"with {CONFIG} and {WEIGHTS}."
        ) from error
    return Path(config).parent


def _read_config(path: Path) -> NetworkConfig:
    try:
        return config_from_json(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, RecursionError, InvalidConfig) as error:
        raise CheckpointError(
            f"{path} is no configuration of a network ({first_line(error)}): a checkpoint "
            f"folder holds {CONFIG} and {WEIGHTS} as written by save_pretrained."
        ) from error


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} could not be read ({first_line(error)}): it is missing, damaged or not a "
            "safetensors file; download or save it again."
        ) from error


def _some(names: list[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + rest
