"""How frames get to the device and results come back; several frames may be under way."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.devices import is_lost
from csrnet_ros.inference.images import Image, as_tensor, rgb_of
from csrnet_ros.inference.timing import Clock, CpuClock, CudaClock

Arrays = Callable[[], list[dict[str, np.ndarray]]]
"""Waits for the outputs of frames, and returns them as arrays that belong to the caller."""


_never_freed: list[object] = []
"""Pinned memory of a lost device: PyTorch before 2.15 asks the device about what is freed, in a
destructor, whose error ends the process."""


class Copies:
    """Copies to pinned memory, under way until they are ``done``.

    If the device is lost before, be it that one of them fails or that nobody waits for them, the
    memory is never freed.
    """

    def __init__(self, pinned: object, device: torch.device) -> None:
        self._pinned, self._device = pinned, device
        self.done = False

    def __del__(self) -> None:
        if not self.done and is_lost(self._device):
            _never_freed.append(self._pinned)


class HostTransfer:
    """The CPU's own: nothing moves, so no copy is made, and nothing is gained by working ahead."""

    ahead = 0
    clock = CpuClock

    def upload(self, images: Sequence[Image], _: Clock) -> list[Tensor]:
        """Return images as tensors on the device, RGB uint8 (H, W, 3)."""
        return [rgb_of(as_tensor(image), image) for image in images]

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs."""
        return nullcontext()

    def download(self, outputs: list[dict[str, Tensor]], _: Clock) -> Arrays:
        """Return how to get the outputs of each image."""
        return lambda: [{name: one[name].numpy() for name in one} for one in outputs]


class CudaTransfer:
    """Asynchronous copies through pinned memory, each direction on a stream of its own.

    So a frame goes up, and the results of another come down, while the network runs on a third.
    No memory is used anew before what was begun with it is done: PyTorch sees to that within a
    stream and in pinned memory, and whoever begins a frame keeps hold of what has come up for it
    until its results are there.

    ``ahead`` says how many frames are worth beginning beyond the one that is waited for: with one,
    the device has work while the host takes results away and brings the next frame.
    """

    ahead = 1
    clock = CudaClock

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._up = torch.cuda.Stream(device)
        self._compute = torch.cuda.Stream(device)
        self._down = torch.cuda.Stream(device)

    def upload(self, images: Sequence[Image], clock: Clock) -> list[Tensor]:
        """Return images as tensors on the device, RGB uint8 (H, W, 3), their copies under way."""
        pinned = [as_tensor(image).pin_memory() for image in images]
        with torch.cuda.stream(self._up), clock.stage('upload'):
            arrived = [image.to(self._device, non_blocking=True) for image in pinned]
            tensors = [rgb_of(one, image) for one, image in zip(arrived, images, strict=True)]
        self._compute.wait_stream(self._up)
        return tensors

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs: a stream behind the upload."""
        return torch.cuda.stream(self._compute)

    def download(self, outputs: list[dict[str, Tensor]], clock: Clock) -> Arrays:
        """Return how to get the outputs of each image, their copies under way."""
        pinned = [{name: _pinned_like(one[name]) for name in one} for one in outputs]
        copies = Copies(pinned, self._device)
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down), clock.stage('download'):
            for one, places in zip(outputs, pinned, strict=True):
                for name, tensor in one.items():
                    places[name].copy_(tensor, non_blocking=True)
        arrived = self._down.record_event()

        def arrays() -> list[dict[str, np.ndarray]]:
            arrived.synchronize()
            copies.done = True
            outputs.clear()
            # Copies: pinned memory is scarce, and whoever keeps results would keep it.
            return [{name: one[name].numpy().copy() for name in one} for one in pinned]

        return arrays


def _pinned_like(tensor: Tensor) -> Tensor:
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
