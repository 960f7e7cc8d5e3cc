"""What is private to torch and used here: it is there, and does what it is used for."""

import multiprocessing
import os
import signal

import numpy as np
import pytest
import torch
from torch.utils.data._utils import signal_handling

from inpainting.data.dataset import HoledImages, Sample
from inpainting.data.sampler import SampleIndex, ShuffledSampler
from inpainting.errors import DataError
from inpainting.training.loader import TrainingLoader
from inpainting.training.torch_internals import step_if


class Blank(HoledImages):
    """Samples that need no file."""

    def __getitem__(self, index: SampleIndex) -> Sample:
        side = self.crop
        return Sample(np.zeros((side, side, 3), np.uint8), np.zeros((side, side), np.bool_))


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.Adam])
def test_a_fused_optimiser_leaves_out_a_step_by_itself(kind):
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = kind([weight], lr=0.1, weight_decay=0.1, fused=True)
    weight.grad = torch.tensor([1.0, -1.0])
    step_if(optimizer, torch.tensor(True))
    once = weight.detach().clone()
    assert not torch.equal(once, torch.tensor([1.0, 2.0]))
    weight.grad = torch.tensor([torch.nan, 1.0])
    step_if(optimizer, torch.tensor(False))
    assert torch.equal(weight, once) and optimizer.state[weight]["step"] == 1
    assert torch.isfinite(optimizer.state[weight]["exp_avg"]).all()
    weight.grad = torch.tensor([1.0, -1.0])
    step_if(optimizer, torch.tensor(True))
    assert not torch.equal(weight, once) and torch.isfinite(weight).all()


def test_a_flag_says_whether_torch_has_a_handler():
    assert isinstance(signal_handling._SIGCHLD_handler_set, bool)


@pytest.mark.slow
def test_a_reader_that_dies_is_found_when_its_batch_is_due(monkeypatch):
    """Not by SIGCHLD, whose handler would raise while this waits."""
    monkeypatch.setattr(signal_handling, "_SIGCHLD_handler_set", False)
    before = signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        loader = TrainingLoader(Blank(None, None, 16), ShuffledSampler(8), 8, 2, workers=2)
        batches = loader.batches(0, torch.device("cpu"))
        next(batches)
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
        reader = multiprocessing.active_children()[0]
        os.kill(reader.pid, signal.SIGKILL)
        os.waitid(os.P_PID, reader.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(DataError, match="A process that reads pictures ended"):
            for _ in range(100):
                next(batches)
    finally:
        signal.signal(signal.SIGCHLD, before)
