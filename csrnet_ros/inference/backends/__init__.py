"""Ways to run the network, by name, and the choice between them."""

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from csrnet_ros.errors import DeviceError
from csrnet_ros.inference.backends.pytorch import TorchBackend
from csrnet_ros.model import MIN_SIDE_PX, Checkpoint

logger = logging.getLogger(__name__)


class Backend(Protocol):
    """A network that is ready to run.

    ``memory_format`` is the one that it wants its input in.
    """

    memory_format: torch.memory_format

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits (N, classes, H/4, W/4) of normalised images x (N, 3, H, W).

        The next call may write over them.
        """


@dataclass(frozen=True, slots=True)
class Task:
    """What a backend is made for.

    :param device: where it is to run
    :param dtype: of its input and its logits
    :param threads: CPU threads that it may use; 0 for as many as there are cores
    """

    device: torch.device
    dtype: torch.dtype
    threads: int


def _torch(checkpoint: Checkpoint, task: Task) -> Backend:
    return TorchBackend(checkpoint, device=task.device, dtype=task.dtype)


def _cuda_graphs(checkpoint: Checkpoint, task: Task) -> Backend:
    from csrnet_ros.inference.backends.cuda_graphs import CudaGraphsBackend

    return CudaGraphsBackend(checkpoint, device=task.device, dtype=task.dtype)


def _ncnn(checkpoint: Checkpoint, task: Task) -> Backend:
    from csrnet_ros.inference.backends.ncnn import NcnnBackend

    return NcnnBackend(checkpoint, threads=task.threads)


def _openvino(checkpoint: Checkpoint, task: Task) -> Backend:
    from csrnet_ros.inference.backends.openvino import OpenVinoBackend, load_or_convert

    return OpenVinoBackend(load_or_convert(checkpoint), threads=task.threads)


def _openvino_int8(checkpoint: Checkpoint, task: Task) -> Backend:
    from csrnet_ros.inference.backends.openvino import OpenVinoBackend, load_int8

    return OpenVinoBackend(load_int8(checkpoint), threads=task.threads)


def _onnxruntime(checkpoint: Checkpoint, task: Task) -> Backend:
    from csrnet_ros.inference.backends.onnxruntime import OnnxRuntimeBackend

    return OnnxRuntimeBackend(checkpoint, threads=task.threads)


@dataclass(frozen=True, slots=True)
class BackendRow:
    """What the table says of a backend.

    :param devices: the types of device that it runs on
    :param make: makes it of a checkpoint
    :param packages: what pip has to install for it beside PyTorch
    :param exact: whether its labels are the network's, within rounding; auto takes no others
    :param precision: what it computes in, if not in the type of its input
    """

    devices: tuple[str, ...]
    make: Callable[[Checkpoint, Task], Backend]
    packages: tuple[str, ...] = ()
    exact: bool = True
    precision: str = ''


TABLE = {
    'cuda-graphs': BackendRow(('cuda',), _cuda_graphs),
    'ncnn': BackendRow(('cpu',), _ncnn, ('ncnn', 'pnnx')),
    'openvino': BackendRow(('cpu',), _openvino, ('openvino',)),
    'onnxruntime': BackendRow(('cpu',), _onnxruntime, ('onnxruntime', 'onnx', 'onnxscript')),
    'torch': BackendRow(('cuda', 'cpu'), _torch),
    'openvino-int8': BackendRow(
        ('cpu',), _openvino_int8, ('openvino',), exact=False, precision='int8'
    ),
}
"""By name; for each type of device the fastest first, as docs/benchmark.md has them."""

BACKENDS = ('auto', *TABLE)
"""The names to choose from; auto takes the first that works on the device."""


def make_backend(name: str, checkpoint: Checkpoint, task: Task) -> tuple[str, Backend]:
    """Return the backend called ``name``, with the name that auto stands for, proven to run.

    :param name: one of ``BACKENDS``
    :raises DeviceError: if it is not installed, is not made for the device or does not work
    :raises ValueError: if there is no backend of that name
    """
    if name not in BACKENDS:
        raise ValueError(f'no backend {name!r}; choose one of {", ".join(BACKENDS)}')
    kind = task.device.type
    fit = [row for row in TABLE if kind in TABLE[row].devices]
    if name != 'auto':
        if name not in fit:
            raise DeviceError(f'backend {name} does not run on {kind}; {", ".join(fit)} do')
        return name, _proven(name, checkpoint, task)
    *candidates, last = (row for row in fit if TABLE[row].exact)
    for candidate in candidates:
        try:
            return candidate, _proven(candidate, checkpoint, task)
        except DeviceError as error:
            logger.info('%s', error)
    return last, _proven(last, checkpoint, task)


def _proven(name: str, checkpoint: Checkpoint, task: Task) -> Backend:
    packages = TABLE[name].packages
    if any(importlib.util.find_spec(package) is None for package in packages):
        raise DeviceError(f'backend {name} is not installed (pip install {" ".join(packages)})')
    try:
        backend = TABLE[name].make(checkpoint, task)
        x = torch.zeros(1, 3, MIN_SIDE_PX, MIN_SIDE_PX, dtype=task.dtype, device=task.device)
        backend.logits(x.contiguous(memory_format=backend.memory_format))
    except (torch.OutOfMemoryError, DeviceError):
        raise
    except Exception as error:  # each runtime fails in ways of its own
        raise DeviceError(
            f'backend {name} does not work here ({type(error).__name__}: {error}); reinstall '
            f'{" ".join(packages) or "torch"}, or choose another'
        ) from error
    return backend
