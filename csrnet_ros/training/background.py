"""Work beside the training, so that no device waits for a disk."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec

import torch

P = ParamSpec('P')


class Background:
    """Does one task at a time in a thread; the last has ended when the block is left."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._task: Future[None] | None = None

    def __enter__(self) -> 'Background':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        if not kind:
            self.wait()

    def do(self, task: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Begin a task when the one before has ended, and raise what that one has raised."""
        self.wait()
        self._task = self._pool.submit(task, *args, **kwargs)

    def wait(self) -> None:
        """Wait for the task under way, and raise what it raises."""
        task, self._task = self._task, None
        if task:
            task.result()


def copy_to_host(value: Any) -> Any:
    """Return a copy, on the CPU, of a tensor or of all tensors in dictionaries and lists."""
    if isinstance(value, torch.Tensor):
        return value.detach().to('cpu', copy=True)
    if isinstance(value, dict):
        return {key: copy_to_host(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_to_host(item) for item in value]
    return value
