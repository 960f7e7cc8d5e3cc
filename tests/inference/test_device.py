"""Which device and precision inference takes, and what counts as running out of memory."""

import pytest
import torch

from inpainting.inference.device import (
    cpu_has_bfloat16,
    default_device,
    fast_dtype,
    is_out_of_memory,
    release_memory,
)

INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")  # Intel's and AMD's, Intel's, Arm's


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        *[({**dict.fromkeys(INSTRUCTIONS, False), name: True}, True) for name in INSTRUCTIONS],
        ({"architecture": "x86_64", "avx2": True, "avx512_f": True, "avx512_bf16": False}, False),
        ({"architecture": "aarch64", "neon": True, "bf16": False}, False),
        ({}, False),
    ],
)
def test_a_cpu_has_bfloat16_where_it_multiplies_it(monkeypatch, capabilities, expected):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: capabilities)
    assert cpu_has_bfloat16() is expected
    assert fast_dtype(torch.device("cpu")) is (torch.bfloat16 if expected else torch.float32)


def test_the_names_of_instructions_are_pytorchs():
    """A misspelt one would be missing, and so be taken for False, on every CPU."""
    names = torch.cpu.get_capabilities().keys()
    assert "avx512_f" not in names or {"avx512_bf16", "amx_bf16"} <= names
    assert "neon" not in names or "bf16" in names


@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize("on_gpu", [True, False])
def test_each_device_is_asked_for_itself(monkeypatch, on_cpu, on_gpu):
    asked = []

    def supported(including_emulation):
        asked.append(including_emulation)
        return on_gpu

    monkeypatch.setattr("inpainting.inference.device.cpu_has_bfloat16", lambda: on_cpu)
    monkeypatch.setattr("torch.cuda.is_bf16_supported", supported)
    dtypes = {True: torch.bfloat16, False: torch.float32}
    assert fast_dtype(torch.device("cpu")) is dtypes[on_cpu]
    assert fast_dtype(torch.device("cuda", 1)) is dtypes[on_gpu]
    assert fast_dtype(torch.device("mps")) is torch.float32
    assert asked == [False], "emulated bfloat16 is slower than float32"


@pytest.mark.parametrize(("there", "expected"), [(True, "cuda"), (False, "cpu")])
def test_a_gpu_is_taken_where_there_is_one(monkeypatch, there, expected):
    monkeypatch.setattr("torch.cuda.is_available", lambda: there)
    assert default_device().type == expected


FULL = "CUDA out of memory. Tried to allocate 2.00 GiB."


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError(FULL), True),
        (RuntimeError(FULL), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"), True),
        (MemoryError(), True),
        (RuntimeError("shape mismatch"), False),
        (ValueError("out of range"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_what_counts_as_out_of_memory(error, expected):
    assert is_out_of_memory(error) is expected


def test_memory_is_released_of_what_only_refers_to_itself():
    class Node:
        dropped = 0

        def __del__(self):
            Node.dropped += 1

    node = Node()
    node.itself = node
    del node
    release_memory()
    assert Node.dropped == 1
