"""PatchMatch copies what surrounds the hole, the same in every run and in every thread."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from inpainting.classical.patchmatch import patchmatch
from inpainting.classical.registry import CLASSICAL


def test_a_texture_stays_as_sharp_as_it_is_where_diffusion_blurs_it(rng):
    image = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    hole = np.zeros((64, 64), bool)
    hole[24:40, 20:44] = True

    def steps(name: str) -> float:
        """Mean step between neighbours inside the hole; 85 in noise."""
        filled = CLASSICAL[name].fill(image, hole).astype(int)
        return float(np.abs(np.diff(filled[25:39, 21:43], axis=1)).mean())

    assert steps("patchmatch") > 60 > 30 > max(steps("telea"), steps("ns"))


def test_every_fill_starts_from_the_same_seed_in_every_thread(rng):
    image = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    hole = np.zeros((48, 64), bool)
    hole[10:30, 20:40] = True
    with ThreadPoolExecutor(4) as pool:
        fills = list(pool.map(lambda _: patchmatch(image, hole), range(8)))
    assert all((fill == fills[0]).all() for fill in fills)


@pytest.mark.parametrize("known", [(0, slice(None)), (7, 9), (slice(2, 5), slice(2, 5))])
def test_without_a_whole_patch_no_black_creeps_in(known):
    image, hole = np.full((40, 60, 3), (200, 17, 90), np.uint8), np.ones((40, 60), bool)
    hole[known] = False
    assert (patchmatch(np.where(hole[..., None], np.uint8(0), image), hole) == image).all()


def test_the_smallest_pictures_do_not_end_the_process():
    """In a process of its own, since what would fail is C code."""
    code = """
import itertools, numpy as np
from inpainting.classical.patchmatch import patchmatch
generator = np.random.default_rng(0)
for height, width, share in itertools.product((1, 2, 3, 11, 12), (1, 2, 5, 30), (0.1, 0.5, 0.99)):
    image = generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
    hole = generator.random((height, width)) < share
    hole[0, 0] = False
    assert (patchmatch(image, hole)[~hole] == image[~hole]).all()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_package_is_looked_for_and_not_loaded():
    code = (
        "import sys; from inpainting.classical.registry import CLASSICAL; "
        "assert 'patchmatch' in CLASSICAL and 'patchmatch' not in sys.modules; "
        "del sys.modules['inpainting.classical.registry']; sys.modules['patchmatch'] = None; "
        "import importlib.util as u; u.find_spec = lambda name: None; "
        "from inpainting.classical.registry import CLASSICAL; assert 'patchmatch' not in CLASSICAL"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
