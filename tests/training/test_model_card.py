"""Model cards: what they say, and that an edited one is kept."""

from dataclasses import replace

import pytest
from huggingface_hub import ModelCard

from inpainting.evaluation.statistics import MEASURES, TEXTURES, summarise
from inpainting.models.bundled import BUNDLED
from inpainting.training.model_card import is_generated, model_card, write_card
from tests.training.cards import FACTS, GENERATED, THEIRS


def results() -> dict:
    """As ``eval.py`` writes them: two methods, two buckets and a class."""
    rows = [
        {
            "protocol": "irregular", "bucket": bucket, "class": "cat", "index": i, "key": str(i),
            "method": method, "hole_ratio": 0.1, "milliseconds": 5.0,
            **dict.fromkeys((*MEASURES, *TEXTURES), value),
        }
        for i, bucket in enumerate(("0.1-0.2", "0.2-0.3"))
        for method, value in (("model", 30.0 + i), ("telea", 20.0))
    ]  # fmt: skip
    means, differences = summarise(rows)
    return {
        "command": "python eval.py --data pictures", "date": "2026-11-25T12:00:00+00:00",
        "data": "/home/somebody/pictures", "split": "test", "pictures": 2, "size": 256, "seed": 0,
        "results": means, "differences": differences,
    }  # fmt: skip


def test_a_generated_card_is_known_until_it_is_edited():
    assert is_generated(GENERATED)
    assert not is_generated(GENERATED.replace("3.3", "3.4"))
    assert not is_generated(GENERATED + "\nMine.\n") and not is_generated(THEIRS)
    assert not is_generated("") and not is_generated((BUNDLED / "README.md").read_text())


def test_a_card_carries_what_was_measured():
    text = model_card(FACTS, results())
    assert is_generated(text) and "somebody" not in text
    card = ModelCard(text)
    assert card.data.license == "cc-by-nc-sa-4.0" and card.data.model_name == "net"
    found = {
        (r.dataset_config, r.metric_type): (r.metric_value, r.dataset_split, r.dataset_name)
        for r in card.data.eval_results
    }
    holes = ("irregular holes", "irregular holes 0.1-0.2", "irregular holes 0.2-0.3")
    assert set(found) == {(h, m) for h in holes for m in ("psnr", "ssim", "hole_psnr")}
    assert found["irregular holes", "psnr"] == (30.5, "test", "pictures")
    assert found["irregular holes 0.2-0.3", "ssim"] == (31.0, "test", "pictures")
    assert card.data.eval_results[0].dataset_args["pictures"] == 2
    for words in (
        "(samples.png)", "12.3 minutes on 2 × cuda", "| pictures seen | 1,000 |", "0.1–0.2",
        "python train.py --data pictures", "python eval.py", "30.50 [30.00, 31.00]",
    ):  # fmt: skip
        assert words in text


def test_a_card_of_no_results_has_none():
    text = model_card(replace(FACTS, grid="", processes=1))
    assert "model-index" not in text and "## Results" not in text and "![" not in text
    assert "minutes on cuda" in text


def test_a_generated_card_is_replaced(tmp_path, caplog):
    for samples in (1, 2):
        write_card(tmp_path, model_card(replace(FACTS, samples=samples)))
        assert f"| pictures seen | {samples} |" in (tmp_path / "README.md").read_text()
    assert not caplog.messages and [path.name for path in tmp_path.iterdir()] == ["README.md"]


@pytest.mark.parametrize("edited", [THEIRS, GENERATED + "\nBy me.\n", "", "\xff no UTF-8"])
def test_a_card_that_a_person_edited_is_kept(tmp_path, caplog, edited):
    (tmp_path / "README.md").write_text(edited, encoding="latin-1")
    write_card(tmp_path, model_card(replace(FACTS, samples=2)))
    assert (tmp_path / "README.md").read_text(encoding="latin-1") == edited
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert caplog.messages == [f"{tmp_path / 'README.md'} was edited and is kept as it is."]
