"""The model card that is written beside the weights; one that a person edited is kept."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inpainting.evaluation.statistics import MODEL
from inpainting.evaluation.tables import FOOTNOTE, SHOWN, Record, results_table
from inpainting.io.files import atomic_write

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

log = logging.getLogger(__name__)

CARD = "README.md"
REPORTED = ("psnr", "ssim", "hole_psnr")  # measures in the metadata
MARK = "\n<!-- generated; sha256 {}; a card that is edited is kept -->\n"

TEMPLATE = """---
{metadata}
---

# PConv U-Net for image inpainting

Fills holes in photos with a partial-convolution U-Net (arXiv:1804.07723), {parameters:.1f} million
parameters. Mask convention: **white = repaint**.

```python
from inpainting import InpaintingPipeline

pipe = InpaintingPipeline.from_pretrained("{name}")
filled = pipe("photo.jpg", "mask.png")
```
{picture}
## Training

| | |
|---|---|
| data | {data} |
| recipe | {recipe} |
| pictures seen | {samples:,} |
| time | {minutes:.1f} minutes on {machines} |
| training loss | {loss:.5f} |

```sh
{command}
```
{results}
## Licence

These weights: {licence}, which follows the pictures they were trained on. The code: Apache-2.0.

{notes}"""

RESULTS = """
## Results

{pictures:,} pictures of the split `{split}` of {data}, {size}×{size}, {date:.10}:

```sh
{command}
```

{table}

{footnote}
"""


@dataclass(frozen=True)
class TrainingFacts:
    """What a card says of a training run; ``minutes`` of wall clock, ``parameters`` in millions.

    ``samples`` is the number of pictures seen, ``grid`` the name of the picture beside the card
    that shows some fills ("" = none).
    """

    name: str
    parameters: float
    data: str
    command: str
    recipe: str
    samples: int
    minutes: float
    device: str
    loss: float
    licence: str
    notes: str = ""
    processes: int = 1
    grid: str = ""


def model_card(facts: TrainingFacts, results: Record | None = None) -> str:
    """Markdown with YAML front matter, as the Hub reads it, marked as generated.

    Args:
        facts: of the training.
        results: ``eval.py``'s results.json, read: they go into the metadata (``model-index``)
            and into a table.
    """
    from huggingface_hub import ModelCardData  # slow to import

    measured: dict[str, Any] = {}
    if results:
        measured = {
            "model_name": facts.name.rpartition("/")[2],
            "eval_results": eval_results(results),
            "metrics": [*REPORTED],
        }
    metadata = ModelCardData(
        license=facts.licence,
        library_name="pytorch",
        pipeline_tag="image-to-image",
        tags=["inpainting", "partial-convolution", "image-restoration"],
        **measured,
    )
    processes = f"{facts.processes} × " if facts.processes > 1 else ""
    shown = vars(facts) | {
        "metadata": metadata.to_yaml(),
        "picture": f"\n![Fills of pictures set aside]({facts.grid})\n" if facts.grid else "",
        "machines": processes + facts.device,
        "results": _results_section(results) if results else "",
    }
    return _marked(TEMPLATE.format(**shown).rstrip() + "\n")


def eval_results(results: Record) -> list["EvalResult"]:
    """PSNR, SSIM and hole PSNR of the network, per protocol and bucket of hole ratio.

    Args:
        results: ``eval.py``'s results.json, read.
    """
    from huggingface_hub import EvalResult

    data = _data_name(results["data"])
    return [
        EvalResult(
            task_type="image-to-image",
            task_name="Image inpainting",
            dataset_type=data,
            dataset_name=data,
            dataset_config=_holes(record),
            dataset_split=results["split"],
            dataset_args={
                "protocol": record["protocol"],
                "hole_ratio": record["bucket"] or f"all, mean {record['hole_ratio']:.3f}",
                "pictures": record["n"],
                "size": results["size"],
                "seed": results["seed"],
            },
            metric_type=measure,
            metric_name=f"{SHOWN[measure][0]}, {_holes(record)}",
            metric_value=round(record[measure]["mean"], 4),
        )
        for record in results["results"]
        if record["method"] == MODEL and not record["class"]
        for measure in REPORTED
    ]


def is_generated(text: str) -> bool:
    """Whether a card is :func:`model_card`'s, and nobody has changed it since."""
    above = text.rpartition(MARK.partition("{}")[0])[0]
    return bool(above) and text == _marked(above)


def write_card(folder: Path, card: str) -> None:
    """Write ``README.md``; one that a person wrote or edited is kept, and that is logged.

    Args:
        folder: of the checkpoint.
        card: of :func:`model_card`.

    Raises:
        OSError: when it cannot be written; an older one stays complete.
    """
    path = folder / CARD
    if path.exists() and not is_generated(path.read_text(encoding="utf-8", errors="replace")):
        log.info("%s was edited and is kept as it is.", path)
        return
    with atomic_write(path) as file:
        file.write(card.encode())


def _marked(text: str) -> str:
    return text + MARK.format(hashlib.sha256(text.encode()).hexdigest())


def _results_section(results: Record) -> str:
    about = {key: results[key] for key in ("pictures", "split", "size", "date", "command")}
    table = results_table(results["results"])
    data = _data_name(results["data"])
    return RESULTS.format(**about, data=data, table=table, footnote=FOOTNOTE)


def _data_name(data: str) -> str:
    """Name of a data set: a Hub id as it is, the last part of a folder's path."""
    return data if data.count("/") == 1 and not Path(data).exists() else Path(data).resolve().name


def _holes(record: Record) -> str:
    return f"{record['protocol']} holes {record['bucket']}".strip()
