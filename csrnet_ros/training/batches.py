"""The batches of a run, and the share of each that one process computes."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from csrnet_ros.errors import TrainingError
from csrnet_ros.labels import VOID
from csrnet_ros.training.memory import Samples
from csrnet_ros.training.plan import plan_epoch
from csrnet_ros.training.processes import Processes
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

    :param samples: the training images; every process holds all of them
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
        self._samples, self._augment = samples, augment
        self._settings, self._processes = settings, processes
        self._counts = functional.pad(class_weights, (0, VOID + 1 - len(class_weights)))
        self._plan = plan_epoch(0, seed=settings.seed, images=len(samples), draws=augment.DRAWS)
        self._check()

    def parts(self, step: int) -> list[Part]:
        """Return this process's parts of the batch of a step, counted from 0 over the run."""
        epoch, index = divmod(step, self.per_epoch)
        if epoch != self._plan.epoch:
            self._plan = plan_epoch(
                epoch,
                seed=self._settings.seed,
                images=len(self._samples),
                draws=self._augment.DRAWS,
            )
        processes = self._processes
        count = processes.count * self._settings.accumulate
        mine = self._plan.batch(index, size=self.size, parts=count)[
            processes.rank :: processes.count
        ]
        loaded = [self._load(indices) for indices in mine]
        counts = torch.stack([self._counts[target].sum() for _, target in loaded])
        # Every pixel counts the same, wherever it is computed.
        whole = processes.sum(counts.sum()).clamp(min=1e-9)
        return [
            Part(x, target, share)
            for (x, target), share in zip(loaded, counts / whole, strict=True)
        ]

    def _load(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        x, target = self._augment(*self._samples.batch(indices), self._plan.draws[indices])
        return x.contiguous(memory_format=torch.channels_last), target

    def _check(self) -> None:
        processes, accumulate = self._processes.count, self._settings.accumulate
        if not self.per_epoch:
            raise TrainingError(
                f'{len(self._samples)} images are fewer than one batch of {self.size}'
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
