"""Networks on disk and on the Hugging Face Hub: ``config.json`` + ``model.safetensors`` + card.

Loading is strict: a missing or foreign weight is an error that names it, never a network that is
partly random.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from .card import write_card
from .config import PConvUNetConfig
from .errors import CheckpointError, InvalidConfig, first_line
from .unet import PConvUNet
from .whole_files import whole_file

BUNDLED = Path(__file__).parent / "pretrained"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
STATE_FOLDER = "state"  # in a training folder: what is needed to resume; never uploaded
PRIVATE = (f"{STATE_FOLDER}/*", "samples/*", "*.partial")


def save_pretrained(
    model: PConvUNet, folder: str | Path, card: str, say: Callable[[str], None] = print
) -> None:
    """Write a network so that :func:`load_pretrained` and the Hub can read it.

    Weights are stored in half precision: that halves the file, and its rounding (2⁻¹¹) is far
    below what 8 bits can show.

    Args:
        model: the network; it stays as it is.
        folder: created if need be; files of the same name are replaced, each at once.
        card: the model card, Markdown with YAML front matter; a generated one does not replace
            one that a person wrote, see :func:`inpainting.card.write_card`.
        say: is told of that.

    Raises:
        OSError: when a file cannot be written; an older one of that name is whole.
    """
    folder = Path(folder)
    weights = {
        name: (w.half() if w.is_floating_point() else w).detach().cpu().contiguous()
        for name, w in model.state_dict().items()
    }
    with whole_file(folder / WEIGHTS) as file:
        file.write(save(weights, metadata={"format": "pt"}))
    with whole_file(folder / CONFIG) as file:
        file.write((json.dumps(asdict(model.config), indent=2) + "\n").encode())
    write_card(folder, card, say)


def load_pretrained(
    name_or_path: str | Path | None = None, revision: str | None = None
) -> PConvUNet:
    """Read a network, in evaluation mode, on the CPU, in float32.

    Args:
        name_or_path: a folder, a Hub id ``user/repo``, or None for the network that comes with
            this package (no network access).
        revision: branch, tag or commit of a Hub repository; pin a commit in production.

    Raises:
        CheckpointError: when files are missing, damaged, or do not fit the configuration.
    """
    folder = Path(name_or_path) if name_or_path is not None else BUNDLED
    if not folder.is_dir():
        folder = _download(str(name_or_path), revision)
    model = PConvUNet(_read_config(folder / CONFIG))
    weights = _read_weights(folder / WEIGHTS)
    expected = model.state_dict()
    missing, unexpected = sorted(expected.keys() - weights), sorted(weights.keys() - expected)
    shapes = [n for n in expected.keys() & weights if expected[n].shape != weights[n].shape]
    if missing or unexpected or shapes:
        raise CheckpointError(
            f"{folder / WEIGHTS} does not fit its {CONFIG}: missing {_some(missing)}, unexpected "
            f"{_some(unexpected)}, of another shape {_some(sorted(shapes))}; use the two files "
            "that were saved together."
        )
    bad = [name for name, w in weights.items() if not torch.isfinite(w).all()]
    if bad:
        raise CheckpointError(
            f"{folder / WEIGHTS} holds NaN or infinity in {_some(bad)}: the training that wrote "
            "it diverged; use an earlier checkpoint."
        )
    model.load_state_dict(weights)
    return model.eval()


def weights_digest(name_or_path: str | Path | None = None, revision: str | None = None) -> str:
    """SHA-256 of a checkpoint's weights file, in hexadecimal: which network it is.

    Args:
        name_or_path, revision: as for :func:`load_pretrained`, which has read it before.
    """
    folder = Path(name_or_path) if name_or_path is not None else BUNDLED
    if not folder.is_dir():
        folder = _download(str(name_or_path), revision)
    with (folder / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def push_to_hub(
    folder: str | Path,
    repo_id: str,
    private: bool = False,
    token: str | None = None,
    message: str = "Upload PConv U-Net",
) -> str:
    """Upload a folder written by :func:`save_pretrained` in one commit.

    Returns:
        The commit's id, to be used as ``revision``.

    Raises:
        CheckpointError: when the Hub refuses or cannot be reached; the folder stays as it is.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError

    api = HfApi(token=token)
    try:
        repo = api.create_repo(repo_id, private=private, exist_ok=True)
        commit = api.upload_folder(
            repo_id=repo.repo_id,
            folder_path=folder,
            commit_message=message,
            ignore_patterns=[*PRIVATE],
        )
    except (HTTPError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"The upload of {folder} to {repo_id} failed ({first_line(error)}): the files are "
            "kept; log in with `hf auth login`, then upload with "
            f"`hf upload {repo_id} {folder}`."
        ) from error
    return commit.oid


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


def _read_config(path: Path) -> PConvUNetConfig:
    try:
        return PConvUNetConfig(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError, InvalidConfig) as error:
        raise CheckpointError(
            f"{path} is no configuration of a PConvUNet ({first_line(error)}): a checkpoint "
            f"folder holds {CONFIG} and {WEIGHTS} as written by save_pretrained."
        ) from error


def _read_weights(path: Path) -> dict[str, torch.Tensor]:
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} could not be read ({first_line(error)}): it is missing, damaged or not a "
            "safetensors file; download or save it again."
        ) from error
    return {name: w.float() if w.is_floating_point() else w for name, w in weights.items()}


def _some(names: list[str], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "nothing") + rest
