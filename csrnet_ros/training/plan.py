"""What an epoch does with each image: its place in the order, and its random numbers."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """An epoch's order and draws; a function of seed and epoch alone.

    That is why a run can go on from any step without the state of a random generator, and why
    a sample is augmented alike on one process and on many.

    :param epoch: which one, from 0
    :param order: int64 (N,), every image once
    :param draws: float32 (N, D), from 0 to below 1; row i belongs to image i
    """

    epoch: int
    order: Tensor
    draws: Tensor

    def batch(self, number: int, *, size: int, parts: int) -> tuple[Tensor, ...]:
        """Return the images of the batch ``number``, from 0, cut into equal parts."""
        return self.order[number * size : (number + 1) * size].split(size // parts)


def plan_epoch(epoch: int, *, seed: int, images: int, draws: int) -> EpochPlan:
    """Return the plan of ``epoch``, from 0, for a number of images with ``draws`` each."""
    mixed = np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)
    generator = torch.Generator().manual_seed(int(mixed[0]))
    return EpochPlan(
        epoch=epoch,
        order=torch.randperm(images, generator=generator),
        draws=torch.rand(images, draws, generator=generator),
    )
