"""Which picture comes when: every one once per epoch, from any place on, for any process."""

from itertools import islice
from pathlib import Path

import datasets
import pytest

from inpainting.data.sampler import ShuffledSampler, StreamSampler, cell_key
from inpainting.data.sources import DataSet, load_stream


def test_indices_deal_every_picture_once_per_epoch_to_any_number_of_processes():
    alone = list(islice(ShuffledSampler(7, seed=2).indices(0), 21))
    for epoch in range(3):
        assert sorted(t.number for t in alone if t.epoch == epoch) == list(range(7))
    assert [t.number for t in alone[:7]] != [t.number for t in alone[7:14]]
    shares = [list(islice(ShuffledSampler(7, 2, r, 3).indices(0), 7)) for r in range(3)]
    assert [t for group in zip(*shares, strict=True) for t in group] == alone
    assert list(islice(ShuffledSampler(7, seed=2).indices(10), 11)) == alone[10:]


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    """Six files of five rows each; a picture's bytes are its number."""
    folder = tmp_path_factory.mktemp("tables")
    kind = datasets.Features({"image": datasets.Image(decode=False)})
    for k in range(6):
        cells = [{"bytes": bytes([5 * k + i]), "path": None} for i in range(5)]
        table = datasets.Dataset.from_dict({"image": cells}, features=kind)
        table.to_parquet(folder / f"train-{k}.parquet")
    return folder


def make(tables: Path, **options) -> StreamSampler:
    return StreamSampler(load_stream(DataSet(tables), "train"), block=4, seed=3, **options)


def numbers(indices) -> list[int]:
    return [index.cell["bytes"][0] for index in indices]


def test_a_stream_gives_every_row_once_per_epoch_in_an_order_of_its_own(tables):
    seen = numbers(islice(make(tables).indices(0), 90))
    epochs = [seen[:30], seen[30:60], seen[60:]]
    assert all(sorted(epoch) == list(range(30)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert [n // 5 for n in epochs[0]] != sorted(n // 5 for n in epochs[0])  # shards are shuffled
    assert seen == numbers(islice(make(tables).indices(0), 90))


@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("taken", [0, 3, 4, 14, 15, 29, 30, 44])
def test_a_stream_goes_on_exactly_from_any_place(tables, taken, world):
    """Inside a block of 4 and an epoch of 30 (or 2 x 15), and at the ends of both.

    Also where the loader has read ahead of what was trained on.
    """
    for rank in range(world):
        place = {"rank": rank, "world": world}
        whole = numbers(islice(make(tables, **place).indices(0), 70))
        order = make(tables, **place)
        ahead = list(islice(order.indices(0), taken + 6))
        assert len(ahead) == taken + 6
        kept = order.state(taken * world)
        resumed = make(tables, **place)
        resumed.restore(kept)
        assert numbers(islice(resumed.indices(taken * world), 70 - taken)) == whole[taken:]


def test_a_resumed_stream_can_be_kept_again(tables):
    whole = numbers(islice(make(tables).indices(0), 80))
    order, position = make(tables), 0
    for step in (7, 13, 25, 2, 9):
        taken = numbers(islice(order.indices(position), step))
        assert taken == whole[position : position + step]
        position += step
        kept = order.state(position)
        order = make(tables)
        order.restore(kept)


def test_processes_share_a_stream_out(tables):
    parts = [numbers(islice(make(tables, rank=r, world=2).indices(0), 15)) for r in range(2)]
    assert sorted(parts[0] + parts[1]) == list(range(30))
    assert {n // 5 for n in parts[0]}.isdisjoint(n // 5 for n in parts[1])  # each its own files
    uneven = [numbers(islice(make(tables, rank=r, world=4).indices(0), 7)) for r in range(4)]
    assert len(set(sum(uneven, []))) == 28


def test_what_is_set_aside_never_comes(tables):
    held = frozenset(cell_key({"bytes": bytes([n]), "path": None}) for n in (0, 1, 2, 3, 17))
    seen = numbers(islice(make(tables, left_out=held).indices(0), 50))
    assert sorted(seen[:25]) == sorted(set(range(30)) - {0, 1, 2, 3, 17}) == sorted(seen[25:])


def test_indices_of_all_processes_have_numbers_of_their_own(tables):
    indices = [t for r in range(2) for t in islice(make(tables, rank=r, world=2).indices(0), 15)]
    assert len({t.number for t in indices}) == 30
