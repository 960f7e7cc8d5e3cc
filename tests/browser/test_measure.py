"""Measure in a real browser: numbers, maps, other fills and damage, for those who ask."""

import re

import pytest

from tests.browser.demo import Demo
from tests.browser.photos import mandelbrot

pytestmark = pytest.mark.browser

KNOWN, REMOVAL = 0, 1  # indices of examples


@pytest.fixture
def measuring(visit) -> Demo:
    """A page that shows the numbers of the first example."""
    demo = visit("desktop")
    assert not demo.page.locator("#report").count() and not demo.page.locator("#maps").count()
    measure(demo)
    return demo


def measure(demo: Demo) -> None:
    demo.press("measure")
    demo.page.locator("#report .facts").wait_for()


@pytest.fixture
def new_report(measuring):
    """A function that does something, and waits for another report: what that says."""
    run = measuring.page.locator("#report [data-run]")

    def after(does) -> str:
        before = run.get_attribute("data-run") if run.count() else None
        does()
        measuring.until(lambda: run.count() and run.get_attribute("data-run") != before)
        measuring.until_rests()
        return measuring.page.inner_text("#report")

    return after


def cards(demo: Demo) -> dict[str, str]:
    """The large numbers by their names."""
    shown = demo.page.locator("#report .card:visible")
    return {
        card.locator("dt").inner_text(): card.locator(".hole").inner_text() for card in shown.all()
    }


def test_a_known_original_gives_numbers_with_units(measuring, keep):
    demo = measuring
    numbers = cards(demo)
    assert list(numbers) == ["PSNR in the hole", "SSIM in the hole", "MSE in the hole"]
    assert re.fullmatch(r"\d+\.\d dB", numbers["PSNR in the hole"])
    assert re.fullmatch(r"0\.\d{3}", numbers["SSIM in the hole"].strip())
    assert re.fullmatch(r"[\d,]+\.\d grey levels²", numbers["MSE in the hole"])
    facts = demo.page.inner_text("#report .facts")
    assert "451 × 300 px" in facts and "every other pixel untouched, checked" in facts
    assert "The original under the hole is known" in demo.page.inner_text("#report")
    keep(demo)


def test_a_removal_has_no_large_numbers(measuring, new_report):
    demo = measuring
    words = new_report(lambda: demo.pick_example(REMOVAL))
    assert "Nobody knows what was behind" in words and not cards(demo)
    demo.page.get_by_text("Numbers against the photo as it was given").click()
    assert len(cards(demo)) == 3
    words = new_report(lambda: demo.pick_example(KNOWN))
    assert "The original under the hole is known" in words and len(cards(demo)) == 3
    words = new_report(lambda: demo.stroke((0.2, 0.2), (0.3, 0.2)))  # on top of the fill
    assert "Nobody knows" in words and not cards(demo)


def unfold(demo: Demo, part: str) -> None:
    demo.page.locator(f"#{part} > button").click()


def test_maps_and_levels_are_there_when_they_are_unfolded(measuring, keep):
    demo = measuring
    unfold(demo, "maps")
    maps = demo.page.locator("#maps img")
    demo.until(lambda: maps.count() == 2)
    for image in maps.all():
        demo.until(lambda image=image: image.evaluate("image => image.naturalWidth") == 451)
    unfold(demo, "levels")
    captions = demo.page.locator("#levels .caption-label")
    captions.first.wait_for()
    known = [int(re.search(r"(\d+)\s*% known", text)[1]) for text in captions.all_inner_texts()]
    assert known == sorted(known) and known[-1] == 100 and len(known) >= 3
    keep(demo)


def test_the_same_hole_is_filled_in_other_ways_beside_the_original(measuring, new_report, keep):
    demo = measuring
    unfold(demo, "comparison")
    demo.page.get_by_role("button", name="Fill this hole in other ways, too").click()
    captions = demo.page.locator("#comparison .caption-label")
    demo.until(lambda: captions.count() == 6)
    names = [text.split(":")[0].strip() for text in captions.all_inner_texts()]
    assert names[0] == "Original"
    assert names[2:] == ["Navier–Stokes", "Telea", "Biharmonic", "PatchMatch"]
    scores = captions.all_inner_texts()[1:]
    assert all(re.search(r": \d+\.\d dB, SSIM 0\.\d{3}", text) for text in scores)
    keep(demo)
    new_report(lambda: demo.stroke((0.2, 0.2), (0.3, 0.2)))
    demo.until(lambda: captions.count() == 0)  # they were about the hole before


def test_damage_of_an_own_photo_is_filled_and_measured(measuring, new_report, keep, tmp_path):
    demo, page = measuring, measuring.page
    mandelbrot().save(tmp_path / "mine.png")
    demo.open(tmp_path / "mine.png")
    page.locator("#measure").get_by_label("boxes").check()
    percent = page.locator("#measure input[type=number]").first
    percent.fill("20")
    percent.press("Enter")
    damage = page.get_by_role("button", name="Damage and fill")
    words = new_report(damage.click)
    assert "The original under the hole is known" in words and len(cards(demo)) == 3
    assert demo.filled_hole().mean() == pytest.approx(0.2, abs=0.02)
    hole = demo.filled_hole()
    keep(demo)
    demo.press("undo")
    demo.press("undo")
    assert demo.kinds()[-1] == "open"
    new_report(damage.click)
    assert (demo.filled_hole() == hole).all()  # the same seed
    page.get_by_label("Seed").fill("1")
    page.get_by_label("Seed").press("Tab")
    demo.press("undo")
    demo.press("undo")
    new_report(damage.click)
    assert (demo.filled_hole() != hole).any()
    assert "Nobody knows" in new_report(lambda: demo.stroke((0.5, 0.5), (0.6, 0.5)))


def test_edit_hides_what_measures_and_asks_for_no_numbers(measuring):
    demo = measuring
    demo.press("edit")
    for part in ("#report", "#maps", "#comparison", "#levels", "#damage"):
        demo.page.locator(part).wait_for(state="hidden")
    demo.stroke((0.2, 0.2), (0.3, 0.2))
    assert demo.js("session.step.fill.sent.measured") is False
    demo.press("measure")
    demo.until(lambda: "Nobody knows" in demo.page.locator("#report").inner_text())
