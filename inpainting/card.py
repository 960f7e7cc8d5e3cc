"""The model card that is written beside the weights."""

from dataclasses import dataclass

from huggingface_hub import ModelCardData

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

## Training

| | |
|---|---|
| data | {data} |
| command | `{command}` |
| recipe | {recipe} |
| pictures seen | {samples:,} |
| time | {minutes:.0f} minutes on {device} |
| training loss | {loss:.5f} |

{notes}"""


@dataclass(frozen=True)
class TrainingFacts:
    """What a card says of a training run; ``minutes`` of wall clock, ``parameters`` in millions."""

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


def model_card(facts: TrainingFacts) -> str:
    """Markdown with YAML front matter, as the Hub reads it."""
    metadata = ModelCardData(
        license=facts.licence,
        library_name="pytorch",
        pipeline_tag="image-to-image",
        tags=["inpainting", "partial-convolution", "image-restoration"],
    )
    return TEMPLATE.format(metadata=metadata.to_yaml(), **vars(facts)).rstrip() + "\n"
