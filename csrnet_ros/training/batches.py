"""The batches of a run, and the share of each that one process computes."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import tee

import torch
from torch import Tensor
from torch.nn import functional

from csrnet_ros.errors import TrainingError
from csrnet_ros.labels import VOID
from csrnet_ros.training.plan import plan_epoch
from csrnet_ros.training.processes import Processes
from csrnet_ros.training.samples import Samples
from csrnet_ros.training.settings import RunSettings
from csrnet_ros.training.transforms import Augmentation


@dataclass(frozen=True, slots=True)
class Part:
    """What a process computes in one go.

    :param x: the network's input, float32 (N, 3, H, W)
    :param target: int64 (N, H, W)
    :param share: what its pixels count among those of the whole batch, 0 to 1
    """

    x: Tensor
    target: Tensor
    share: Tensor


class Batches:
    """Whole batches of augmented samples, in a new order every epoch.

    The same batches come out for any number of processes; each takes an equal share.

    :param samples: the training images, all of them in every process
    :param class_weights: float32 (classes,): what a pixel counts in the loss
    :raises TrainingError: if a batch cannot be made of the images, or be shared equally
    """

    def __init__(
        self,
        samples: Samples,
        augment: Augmentation,
        *,
        class_weights: Tensor,
        settings: RunSettings,
        processes: Processes,
    ) -> None:
        self.size = augment.recipe.batch_size
        self.per_epoch = len(samples) // self.size
        self.count = augment.recipe.epochs * self.per_epoch
        self._samples, self._augment = samples, augment
        self._settings, self._processes = settings, processes
        self._counts = functional.pad(class_weights, (0, VOID + 1 - len(class_weights)))
        self._check()

    def from_step(self, step: int) -> Generator[list[Part], None, None]:
        """Yield this process's parts of each batch, from that of ``step`` to the run's last.

        Steps count from 0 over the run. Batches may be read ahead until the generator is closed.

        :raises DatasetError: if a file cannot be read
        """
        shares, ahead = tee(self._shares(step))
        with closing(self._samples.batches(indices for indices, _ in ahead)) as batches:
            for (images, labels), (_, draws) in zip(batches, shares, strict=True):
                yield self._parts(images, labels, draws)

    def _shares(self, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the indices and the draws of this process's images, step by step."""
        processes = self._processes
        count = processes.count * self._settings.accumulate
        for epoch in range(first // self.per_epoch, self._augment.recipe.epochs):
            plan = plan_epoch(
                epoch,
                seed=self._settings.seed,
                images=len(self._samples),
                draws=self._augment.DRAWS,
            )
            for number in range(max(0, first - epoch * self.per_epoch), self.per_epoch):
                parts = plan.batch(number, size=self.size, parts=count)
                indices = torch.cat(parts[processes.rank :: processes.count])
                yield indices, plan.draws[indices]

    def _parts(self, images: Tensor, labels: Tensor, draws: Tensor) -> list[Part]:
        """Return the parts of this process's share of a batch."""
        size = len(images) // self._settings.accumulate
        split = (values.split(size) for values in (images, labels, draws))
        loaded = [self._load(*part) for part in zip(*split, strict=True)]
        counts = torch.stack([self._counts[target].sum() for _, target in loaded])
        # Every pixel counts the same, wherever it is computed.
        whole = self._processes.sum(counts.sum()).clamp(min=1e-9)
        return [
            Part(x, target, share)
            for (x, target), share in zip(loaded, counts / whole, strict=True)
        ]

    def _load(self, images: Tensor, labels: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
        x, target = self._augment(images, labels, draws)
        return x.contiguous(memory_format=torch.channels_last), target

    def _check(self) -> None:
        processes, accumulate = self._processes.count, self._settings.accumulate
        if not self.per_epoch:
            raise TrainingError(
                f'{len(self._samples)} images are fewer than one batch of {self.size}: label '
                'more, or take a recipe of smaller batches'
            )
        if self.size % (processes * accumulate):
            raise TrainingError(
                f'a batch of {self.size} images cannot be shared equally: processes {processes}, '
                f'each with {accumulate} parts; change one of them'
            )
        if self.size == accumulate:
            raise TrainingError(
                f'a batch of {self.size} images in {accumulate} parts leaves BatchNorm one image; '
                'accumulate less'
            )
