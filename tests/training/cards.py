"""Model cards: a generated one, and one that a person wrote."""

from inpainting.training.model_card import TrainingFacts, model_card

FACTS = TrainingFacts(
    name="user/net", parameters=3.3, data="pictures", command="python train.py --data pictures",
    recipe="default", samples=1000, minutes=12.34, device="cuda", loss=0.04,
    licence="cc-by-nc-sa-4.0", processes=2, grid="samples.png",
)  # fmt: skip
GENERATED = model_card(FACTS)
THEIRS = "---\nlicense: mit\nmodel-index: []\n---\n\n# My network\n"
