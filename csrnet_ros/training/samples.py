"""What a run trains on, wherever it is kept."""

from collections.abc import Generator, Iterable
from typing import Protocol

import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]
"""Images uint8 (N, 3, H, W) and labels uint8 (N, H, W), 255 for void."""


class Samples(Protocol):
    """Images of one size and their labels, by index: ``HeldSamples`` or ``StreamedSamples``.

    Both give the same bits.
    """

    @property
    def device(self) -> torch.device:
        """Where batches come out."""

    def __len__(self) -> int:
        """Return the number of images."""

    def batches(self, orders: Iterable[Tensor]) -> Generator[Batch, None, None]:
        """Yield, on the device, the batch of each order: int64 (N,), the indices of its images.

        Orders may be taken before their turn, so that their images can be read ahead; whatever
        reads them ends with the generator.

        :raises DatasetError: if a file cannot be read, or its size has changed
        """

    def label_counts(self) -> Tensor:
        """Return how many pixels have each label, int64 (256,).

        :raises DatasetError: if a file cannot be read
        """
