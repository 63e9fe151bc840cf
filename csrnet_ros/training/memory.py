"""Samples held in memory, and whether a device has the room for them."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from csrnet_ros.labels import VOID
from csrnet_ros.training.control_groups import free_in_groups
from csrnet_ros.training.processes import local_processes
from csrnet_ros.training.samples import Batch, Samples
from csrnet_ros.training.stream import StreamedSamples

SHARE = 0.5
"""Of a device's free memory, what samples may take; the rest is for the network's training."""


@dataclass(frozen=True, slots=True)
class HeldSamples:
    """Images uint8 (N, 3, H, W) and labels uint8 (N, H, W) on one device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.images)

    @property
    def device(self) -> torch.device:
        """Where they are."""
        return self.images.device

    def batches(self, orders: Iterable[Tensor]) -> Generator[Batch, None, None]:
        """Yield the batch of each order."""
        for order in orders:
            indices = order.to(self.device, non_blocking=True)
            yield self.images[indices], self.labels[indices]

    def label_counts(self) -> Tensor:
        """Return how many pixels have each label, int64 (256,)."""
        # One by one, since bincount makes 64-bit numbers of all that it is given.
        counts = (torch.bincount(label.flatten(), minlength=VOID + 1) for label in self.labels)
        return sum(counts, start=torch.zeros(VOID + 1, dtype=torch.int64, device=self.device))


def hold(stream: StreamedSamples) -> HeldSamples:
    """Read all samples of a stream into memory on its device.

    :raises DatasetError: if a file cannot be read
    """
    shape = (len(stream), *stream.size_px)
    images = torch.empty(shape[:1] + (3,) + shape[1:], dtype=torch.uint8, device=stream.device)
    labels = torch.empty(shape, dtype=torch.uint8, device=stream.device)
    for index, (image, label) in enumerate(stream.all()):
        images[index], labels[index] = image, label
    return HeldSamples(images, labels)


@dataclass(frozen=True, slots=True)
class Room:
    """What is free in a device's memory, as this process may see it."""

    free_bytes: int

    def holds(self, stream: StreamedSamples) -> bool:
        """Whether the samples take at most ``SHARE`` of what is free."""
        return stream.bytes <= SHARE * self.free_bytes

    def verdict(self, stream: StreamedSamples) -> str:
        """Return in a line where the samples will be, and why."""
        will = 'held in memory' if self.holds(stream) else 'read from disk, batch by batch'
        return (
            f'{len(stream)} images of {stream.size_px[1]}x{stream.size_px[0]} take '
            f'{stream.bytes / 1e9:.2f} GB, of {self.free_bytes / 1e9:.2f} GB free on '
            f'{stream.device} up to {SHARE:.0%} may be used: they are {will}'
        )

    def place(self, stream: StreamedSamples) -> Samples:
        """Return the samples in memory where they fit, else as they are.

        :raises DatasetError: if a file cannot be read
        """
        return hold(stream) if self.holds(stream) else stream


def find_room(device: torch.device) -> Room:
    """Return the room on a device now; on the CPU the processes of a machine share it.

    There it is what is free in the machine, or in the container or job if that is less.
    """
    if device.type == 'cuda':
        return Room(torch.cuda.mem_get_info(device)[0])
    lines = Path('/proc/meminfo').read_text().splitlines()
    values = dict(line.split(':') for line in lines)
    free = min(int(values['MemAvailable'].split()[0]) * 1024, *free_in_groups())
    return Room(free // local_processes())
