"""The training loop."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from csrnet_ros.errors import TrainingError
from csrnet_ros.model import CSRNet
from csrnet_ros.training.auxiliary import AuxiliaryHeads
from csrnet_ros.training.batches import Batches, Part
from csrnet_ros.training.ema import WeightAverage
from csrnet_ros.training.losses import class_weights, make_loss
from csrnet_ros.training.optimizer import make_optimizer, set_learning_rate
from csrnet_ros.training.processes import Processes
from csrnet_ros.training.samples import Samples
from csrnet_ros.training.schedule import learning_rate
from csrnet_ros.training.settings import PRECISIONS, RunSettings
from csrnet_ros.training.transforms import Augmentation

ALONE = Processes()


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``epoch`` and ``number`` count from 1, ``number`` over the whole run.

    ``loss`` is that of the whole batch, over all processes.
    """

    epoch: int
    number: int
    loss: float
    learning_rate: float


class HostNumber:
    """A number on its way from a device, begun behind the work that it is the result of.

    Work that is launched later is not waited for.

    :param value: a tensor of one number, which does not change any more
    """

    def __init__(self, value: Tensor) -> None:
        self._value = value.to('cpu', non_blocking=True)
        stream = torch.cuda.current_stream(value.device) if value.is_cuda else None
        self._arrived = stream.record_event() if stream else None

    def item(self) -> float:
        """Wait for the number and return it."""
        if self._arrived:
            self._arrived.synchronize()
        return self._value.item()


class TrainingRun:
    """A network in training: all that changes from step to step, and how it changes.

    The network is trained in place, on the device that it and the samples are on. ``waited_s``
    counts the seconds that the host has spent on getting batches: on their reading and, on a CPU,
    their augmentation; what a GPU has to do for them is only launched in that time.

    :param samples: the training images, all of them in every process
    :param augment: what becomes of them, with the recipe of the run
    :param processes: those that share each batch
    :raises DatasetError: if a file cannot be read
    :raises TrainingError: if a batch cannot be made of the images, or be shared equally
    """

    def __init__(
        self,
        network: CSRNet,
        samples: Samples,
        *,
        augment: Augmentation,
        settings: RunSettings,
        processes: Processes = ALONE,
    ) -> None:
        self.network = network
        self.recipe = recipe = augment.recipe
        self.steps_done = 0
        self.waited_s = 0.0
        self._processes = processes
        self.device = samples.device
        self._dtype = PRECISIONS[settings.precision]
        weights = class_weights(
            samples, num_classes=network.num_classes, balance=recipe.class_balance
        ).to(next(network.parameters()))
        self._batches = Batches(
            samples, augment, class_weights=weights, settings=settings, processes=processes
        )
        self._coming = self._batches.from_step(0)
        self._criterion = make_loss(recipe, weights=weights).to(self.device)
        model = AuxiliaryHeads(network) if recipe.auxiliary_weight else network
        self._model = model.to(self.device)
        self._connected = processes.connect(self._model)
        self._optimizer = make_optimizer(self._model, network, recipe)
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self._dtype == torch.float16)
        self._average = (
            WeightAverage(network, decay=recipe.ema_decay) if recipe.ema_decay else None
        )

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self._batches.count

    @property
    def epochs_done(self) -> int:
        """Whole epochs."""
        return self.steps_done // self._batches.per_epoch

    def epoch(self, *, stop: Callable[[], bool] = lambda: False) -> Iterator[Step]:
        """Train to the end of the epoch that the run is in; yield its steps.

        A loss is read when the next step is under way, so that no device waits for its reader.

        :param stop: asked after each step, in all processes, whether to end before
        :raises DatasetError: if a file cannot be read
        :raises TrainingError: if the loss ceases to be finite
        """
        self._model.train()
        latest: tuple[int, float, HostNumber] | None = None
        for _ in range(self._batches.per_epoch - self.steps_done % self._batches.per_epoch):
            launched = self._step()
            if latest:
                yield self._read(*latest)
            latest = launched
            if self._processes.any(stop()):
                break
        assert latest, 'an epoch has steps'
        yield self._read(*latest)

    def _step(self) -> tuple[int, float, HostNumber]:
        """Take a step; return its number, from 1, its learning rate and its loss."""
        rate = learning_rate(self.recipe, progress=self.steps_done / self._batches.per_epoch)
        set_learning_rate(self._optimizer, rate)
        self._optimizer.zero_grad()
        parts = self._next_parts()
        total = torch.zeros((), device=self.device)
        for number, part in enumerate(parts, 1):
            with self._gradients_kept(number < len(parts)):
                with torch.autocast(
                    self.device.type, self._dtype, enabled=self._dtype != torch.float32
                ):
                    loss = part.share * self._criterion(self._connected(part.x), part.target)
                # The processes' gradients are to be added, and will be averaged.
                self._scaler.scale(loss * self._processes.count).backward()
            total += loss.detach()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        if self._average:
            self._average.update(self.network)
        self.steps_done += 1
        return self.steps_done, rate, HostNumber(self._processes.sum(total))

    def _next_parts(self) -> list[Part]:
        began = time.monotonic()
        parts = next(self._coming)
        self.waited_s += time.monotonic() - began
        return parts

    def _gradients_kept(self, kept: bool) -> AbstractContextManager[Any]:
        """Return the context in which the processes do not exchange gradients, if so wanted."""
        if kept and isinstance(self._connected, DistributedDataParallel):
            return self._connected.no_sync()
        return nullcontext()

    def _read(self, number: int, rate: float, loss: HostNumber) -> Step:
        step = Step((number - 1) // self._batches.per_epoch + 1, number, loss.item(), rate)
        if not math.isfinite(step.loss):
            raise TrainingError(
                f'the loss is {step.loss} in epoch {step.epoch}, step {step.number}, at learning '
                f'rate {rate:.3g}'
            )
        return step

    def close(self) -> None:
        """End what is read ahead; no step can follow, unless a state is loaded."""
        self._coming.close()

    def weights(self) -> dict[str, Tensor]:
        """Return the weights to use: the average where the recipe has one, else the last."""
        return self._average.weights if self._average else self.network.state_dict()

    def state(self) -> dict[str, Any]:
        """Return all that a run needs to go on; its tensors change with the next step.

        There is no state of a random generator, since every step draws from the seed anew.

        :raises TrainingError: if a weight is no longer finite
        """
        model = self._model.state_dict()
        finite = torch.stack([value.isfinite().all() for value in model.values()]).tolist()
        faults = [name for name, good in zip(model, finite, strict=True) if not good]
        if faults:
            raise TrainingError(
                f'{len(faults)} tensors of weights, {faults[0]} among them, are no longer finite '
                f'after epoch {self.epochs_done}, step {self.steps_done}, at learning rate '
                f'{self._optimizer.param_groups[-1]["lr"]:.3g}'
            )
        return {
            'steps': self.steps_done,
            'model': model,
            'optimizer': self._optimizer.state_dict(),
            'scaler': self._scaler.state_dict(),
            'average': self._average.state_dict() if self._average else None,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what ``state`` returned in a run of the same recipe and network."""
        self.steps_done = state['steps']
        self.close()
        self._coming = self._batches.from_step(self.steps_done)
        self._model.load_state_dict(state['model'])
        self._optimizer.load_state_dict(state['optimizer'])
        if state['scaler']:  # a run in another precision has none
            self._scaler.load_state_dict(state['scaler'])
        if self._average:
            self._average.load_state_dict(state['average'])
