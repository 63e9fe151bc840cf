"""The processes that train together: one alone, or as many as torchrun started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from csrnet_ros.training.batch_norm import synchronise

T = TypeVar('T')


@dataclass(frozen=True, slots=True)
class Processes:
    """This process among those of the run.

    :param rank: its place, 0 to count - 1; the process 0 also saves and reports
    :param count: how many there are
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that saves and reports."""
        return self.rank == 0

    def sum(self, value: Tensor) -> Tensor:
        """Return the sum of every process's ``value``; it is changed in place."""
        if self.count > 1:
            distributed.all_reduce(value)
        return value

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process; all of them get the same answer."""
        return bool(self.sum(torch.tensor(int(flag)))) if self.count > 1 else flag

    def from_first(self, value: T) -> T:
        """Return the value that the first process has."""
        if self.count == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0, device=torch.device('cpu'))
        return values[0]

    def connect(self, model: nn.Module) -> nn.Module:
        """Return what to call in training: gradients averaged, BatchNorm over all processes.

        The model's BatchNorm is replaced in place; its parameters stay the same objects.
        """
        if self.count == 1:
            return model
        synchronise(model)
        return DistributedDataParallel(model)


@contextmanager
def join_processes(device: torch.device) -> Iterator[Processes]:
    """Meet the other processes of torchrun, if it started this one, until the block is left.

    They part once all are through. A process with an error leaves without a farewell, for which it
    would wait while the others wait for it in the midst of an exchange: it must end, and torchrun
    ends the others.
    """
    if not distributed.is_torchelastic_launched():
        yield Processes()
        return
    # gloo for what is on the CPU, in either case.
    if device.type == 'cuda':
        torch.cuda.set_device(device)
        distributed.init_process_group('cpu:gloo,cuda:nccl', device_id=device)
    else:
        distributed.init_process_group('gloo')
    yield Processes(distributed.get_rank(), distributed.get_world_size())
    distributed.destroy_process_group()


def local_processes() -> int:
    """Return how many processes torchrun has started on this machine; 1 without it."""
    return int(os.environ.get('LOCAL_WORLD_SIZE', 1))


def device_name(name: str) -> str:
    """Return the device of this process, where torchrun has started one for each GPU.

    :raises ValueError: if all of torchrun's processes are sent to one and the same GPU
    """
    local = local_processes()
    if local == 1 or name == 'cpu' or (name == 'auto' and not torch.cuda.is_available()):
        return name
    if name in ('auto', 'cuda'):
        return f'cuda:{os.environ["LOCAL_RANK"]}'
    raise ValueError(f'device {name!r} for {local} processes; use auto, one GPU for each, or cpu')
