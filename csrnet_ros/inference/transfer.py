"""How frames get to the device and results come back."""

from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.inference.timing import CpuClock, CudaClock


class HostTransfer:
    """The CPU's own: nothing moves, so no copy is made."""

    def __init__(self) -> None:
        self.clock = CpuClock()

    def upload(self, image: np.ndarray) -> Tensor:
        """Return the image, uint8 (H, W, 3), as a tensor on the device."""
        return torch.from_numpy(image)

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs."""
        return nullcontext()

    def download(self, outputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """Return the outputs as arrays that belong to the caller."""
        return {name: tensor.numpy() for name, tensor in outputs.items()}


class CudaTransfer:
    """Pinned buffers and asynchronous copies, each direction on a stream of its own."""

    def __init__(self, device: torch.device) -> None:
        self.clock = CudaClock()
        self._device = device
        self._up = torch.cuda.Stream(device)
        self._compute = torch.cuda.Stream(device)
        self._down = torch.cuda.Stream(device)
        self._pinned: dict[str, Tensor] = {}
        # The weights were placed on the default stream, which ours would not wait for.
        self._compute.wait_stream(torch.cuda.current_stream(device))

    def upload(self, image: np.ndarray) -> Tensor:
        """Return the image, uint8 (H, W, 3), as a tensor on the device, its copy under way."""
        pinned = self._buffer('image', image.shape)
        pinned.numpy()[...] = image
        with torch.cuda.stream(self._up), self.clock.stage('upload'):
            tensor = pinned.to(self._device, non_blocking=True)
        self._compute.wait_stream(self._up)
        tensor.record_stream(self._compute)
        return tensor

    def computing(self) -> AbstractContextManager[object]:
        """Return the context in which the network runs: a stream behind the upload."""
        return torch.cuda.stream(self._compute)

    def download(self, outputs: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """Return the outputs as arrays that belong to the caller, once they are here."""
        self._down.wait_stream(self._compute)
        with torch.cuda.stream(self._down), self.clock.stage('download'):
            for name, tensor in outputs.items():
                tensor.record_stream(self._down)
                self._buffer(name, tensor.shape).copy_(tensor, non_blocking=True)
        self._down.synchronize()
        return {name: self._pinned[name].numpy().copy() for name in outputs}

    def _buffer(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return the pinned uint8 buffer of a name; one size is kept, that of the last frame."""
        buffer = self._pinned.get(name)
        if buffer is None or buffer.shape != shape:
            buffer = self._pinned[name] = torch.empty(shape, dtype=torch.uint8, pin_memory=True)
        return buffer
