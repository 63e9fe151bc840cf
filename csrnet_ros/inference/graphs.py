"""CUDA graphs: all the launches of a network as one, captured once for each size of its input."""

import logging
import threading
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Protocol

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

Run = Callable[[Tensor], Tensor]

GRAPHS = 8
"""Sizes whose graphs are kept: cameras of one robot seldom differ more."""

WARM_UPS = 3
"""Runs before the capture, in which libraries choose algorithms and set up their workspaces."""

_capturing = threading.Lock()
"""PyTorch allows one capture in a process at a time."""


class Capture(Protocol):
    """Makes of ``run`` one that takes tensors of a shape, dtype and device only, but faster."""

    def __call__(
        self, run: Run, shape: torch.Size, dtype: torch.dtype, device: torch.device
    ) -> Run: ...


class Graphs:
    """A function of one tensor, run by a graph for each shape that it meets.

    The graphs used last are kept. If one cannot be captured, the log says why, and this and all
    later calls run without; if not even the first can, that is an error.

    :param run: what to capture: a fixed sequence of kernels for each shape
    :param capture: how
    :param limit: how many graphs are kept
    """

    def __init__(self, run: Run, *, capture: Capture, limit: int = GRAPHS) -> None:
        self._run = run
        self._captured = False
        # It makes the new graph before it lets go of the oldest, so that their pool lives on.
        self._graph: Callable[..., Run] = lru_cache(maxsize=limit)(partial(capture, run))

    @torch.inference_mode()
    def __call__(self, x: Tensor) -> Tensor:
        """Return ``run(x)``; a later call with this shape writes over it.

        :raises torch.OutOfMemoryError: if there is no room for a graph
        :raises RuntimeError: if no graph has been captured yet, and this one cannot be
        """
        try:
            run = self._graph(x.shape, x.dtype, x.device)
            self._captured = True
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            if not self._captured:
                raise
            logger.warning(
                'no CUDA graph of %s could be captured, the network runs more slowly without: %s',
                tuple(x.shape),
                error,
            )
            run = self._run
            self._graph = lambda *_: run
        return run(x)


def graphed(run: Run, *, limit: int = GRAPHS) -> Graphs:
    """Return ``run`` by CUDA graphs that share their memory, since only one runs at a time."""
    return Graphs(
        run, capture=partial(CudaGraph, pool=torch.cuda.graph_pool_handle()), limit=limit
    )


class CudaGraph:
    """One captured graph, its input and output in places of their own.

    It is captured on the current stream, which must not be the default one, and must be replayed
    on the same: the libraries' workspaces belong to a stream.
    """

    def __init__(
        self,
        run: Run,
        shape: torch.Size,
        dtype: torch.dtype,
        device: torch.device,
        *,
        pool: 'torch.cuda._POOL_HANDLE',
    ) -> None:
        stream = torch.cuda.current_stream(device)
        self._graph = torch.cuda.CUDAGraph()
        self._input = torch.zeros(shape, dtype=dtype, device=device).contiguous(
            memory_format=torch.channels_last
        )
        for _ in range(WARM_UPS):
            run(self._input)
        # Thread-local: what other threads do meanwhile is no error.
        with (
            _capturing,
            torch.cuda.graph(
                self._graph, pool=pool, stream=stream, capture_error_mode='thread_local'
            ),
        ):
            self._output = run(self._input)

    def __call__(self, x: Tensor) -> Tensor:
        """Return the output for ``x``, always at the same place."""
        self._input.copy_(x)
        self._graph.replay()
        return self._output
