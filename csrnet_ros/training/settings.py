"""How a run is computed, apart from what it learns."""

import os
from dataclasses import dataclass
from types import MappingProxyType

import torch

PRECISIONS = MappingProxyType(
    {'fp32': torch.float32, 'bf16': torch.bfloat16, 'fp16': torch.float16}
)
"""What the network computes in; its weights are float32 with each of them."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run is computed; two runs that share these, recipe and data give the same weights.

    :param seed: of every random choice, 0 to 2**64 - 1, as PyTorch wants it
    :param precision: one of ``PRECISIONS``; fp16 scales the loss so that no gradient vanishes
    :param accumulate: parts that a process makes of its share of a batch, one after the other,
        to need less memory; at least 1. BatchNorm sees one part at a time
    :param deterministic: the same run gives the same bits, on a GPU as far as PyTorch goes
    :raises ValueError: if a value is outside its range
    """

    seed: int = 0
    precision: str = 'fp32'
    accumulate: int = 1
    deterministic: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**64:
            raise ValueError(f'seed is {self.seed}; expected 0 or more, below 2**64')
        if self.precision not in PRECISIONS:
            raise ValueError(f'no precision {self.precision!r}; use {", ".join(PRECISIONS)}')
        if self.accumulate < 1:
            raise ValueError(f'accumulate is {self.accumulate}; expected 1 or more')


def default_precision(device: torch.device) -> str:
    """Return fp32 for a CPU, and for a GPU bf16, or fp16 where it is too old for that."""
    if device.type != 'cuda':
        return 'fp32'
    # torch.cuda.is_bf16_supported would answer for the current device, whichever is to be used.
    return 'bf16' if torch.cuda.get_device_properties(device).major >= 8 else 'fp16'


def choose_algorithms(*, deterministic: bool) -> None:
    """Let PyTorch use the fastest algorithms, or those that always give the same bits.

    A GPU has no such algorithm for some operations; PyTorch then warns, naming them.
    """
    torch.backends.cudnn.benchmark = not deterministic
    # torch.use_deterministic_algorithms does no more than tell PyTorch's compiler as well, which
    # it loads for that; nothing is compiled here.
    torch.set_deterministic_debug_mode('warn' if deterministic else 'default')
    if deterministic:
        os.environ.setdefault('CUBLAS_WORKSPACE_CONFIG', ':4096:8')  # cuBLAS asks for it
