"""How frames get to the device and results come back; several frames may be under way."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.inference.timing import Clock, CpuClock, CudaClock

Arrays = Callable[[], dict[str, np.ndarray]]
"""Waits for outputs to arrive, and returns them as arrays that belong to the caller."""


class HostTransfer:
    """The CPU's own: nothing moves, so no copy is made, and nothing is gained by working ahead."""

    ahead = 0
    clock = CpuClock

    def upload(self, image: np.ndarray, _: Clock) -> Tensor:
        """Return the image, uint8 (H, W, 3), as a tensor on the device."""
        return torch.from_numpy(image)

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs."""
        return nullcontext()

    def download(self, outputs: dict[str, Tensor], _: Clock) -> Arrays:
        """Return how to get the outputs."""
        return lambda: {name: tensor.numpy() for name, tensor in outputs.items()}


class CudaTransfer:
    """Asynchronous copies through pinned memory, each direction on a stream of its own.

    So a frame goes up, and the results of another come down, while the network runs on a third.
    No memory is used anew before what was begun with it is done: each tensor is recorded on the
    streams that use it beside its own, and PyTorch's allocator of pinned memory does so by itself.

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
        # The weights were placed on the default stream, which ours would not wait for.
        self._compute.wait_stream(torch.cuda.current_stream(device))

    def upload(self, image: np.ndarray, clock: Clock) -> Tensor:
        """Return the image, uint8 (H, W, 3), as a tensor on the device, its copy under way."""
        pinned = torch.from_numpy(image).pin_memory()
        with torch.cuda.stream(self._up), clock.stage('upload'):
            tensor = pinned.to(self._device, non_blocking=True)
        self._compute.wait_stream(self._up)
        tensor.record_stream(self._compute)
        return tensor

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs: a stream behind the upload."""
        return torch.cuda.stream(self._compute)

    def download(self, outputs: dict[str, Tensor], clock: Clock) -> Arrays:
        """Return how to get the outputs, their copies under way."""
        pinned = {
            name: torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
            for name, tensor in outputs.items()
        }
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down), clock.stage('download'):
            for name, tensor in outputs.items():
                tensor.record_stream(self._down)
                pinned[name].copy_(tensor, non_blocking=True)
        arrived = self._down.record_event()

        def arrays() -> dict[str, np.ndarray]:
            arrived.synchronize()
            # Copies: pinned memory is scarce, and whoever keeps results would keep it.
            return {name: tensor.numpy().copy() for name, tensor in pinned.items()}

        return arrays
