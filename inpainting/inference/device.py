"""The device and precision of inference, and what to do when its memory runs out."""

import torch


def default_device() -> torch.device:
    """CUDA if there is a GPU, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on GPUs and CPUs with instructions for it, else float32.

    Elsewhere bfloat16 is emulated: right, and several times slower.
    """
    if device.type == "cuda":
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_it = device.type == "cpu" and cpu_has_bfloat16()
    return torch.bfloat16 if has_it else torch.float32


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 matrices: AVX-512 BF16, AMX, or Arm's BF16."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    from accelerate.utils.memory import should_reduce_batch_size

    return isinstance(error, Exception) and bool(should_reduce_batch_size(error))


def release_memory() -> None:
    """Return cached memory to the device.

    Call it outside of ``except``: the traceback there holds on to tensors.
    """
    from accelerate.utils.memory import clear_device_cache

    clear_device_cache(garbage_collection=True)
