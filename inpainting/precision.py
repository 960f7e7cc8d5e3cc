"""Where bfloat16 pays."""

import torch


def fast_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 on GPUs that have it and on CPUs with instructions for it, else float32.

    Elsewhere it is emulated: right, and several times slower.
    """
    if device.type == "cuda":
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_it = device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if has_it else torch.float32
