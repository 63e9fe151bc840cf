"""Samples that are read from disk, a few batches ahead of their use."""

import math
import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID
from csrnet_ros.training.datasets import FileDataset, Watch
from csrnet_ros.training.datasets.street import draw_street
from csrnet_ros.training.processes import local_processes
from csrnet_ros.training.samples import Batch
from csrnet_ros.training.sizes import common_size, odd_size

AHEAD = 3
"""Batches that are being read while another is in use."""


class StreamedSamples:
    """A data set on disk, and as many drawn streets of the same size in memory.

    :param drawn_frames: their number; their indices follow those of the data set
    :param device: where batches come out
    :param watch: sees the indices go by where all of the data set is read in order
    :raises DatasetError: if the images are not of one size
    """

    def __init__(
        self, data: FileDataset, *, drawn_frames: int, device: torch.device, watch: Watch = iter
    ) -> None:
        self.device = device
        self.size_px = height_px, width_px = common_size(data)
        self._data, self._watch = data, watch
        self._drawn = [
            # Seed 0 is the demo's street; training never sees it.
            draw_street(37 * number, seed=1 + number, height_px=height_px, width_px=width_px)
            for number in range(drawn_frames)
        ]

    def __len__(self) -> int:
        return len(self._data) + len(self._drawn)

    @property
    def bytes(self) -> int:
        """What all of it takes in memory."""
        return len(self) * 4 * self.size_px[0] * self.size_px[1]

    def batches(self, orders: Iterable[Tensor]) -> Generator[Batch, None, None]:
        """Yield the batch of each order, with the images of the next ones being read.

        :raises DatasetError: if a file cannot be read, or its size has changed
        """
        pool = ThreadPoolExecutor(readers(), 'reader')
        try:
            readings = (self._begin(order, pool) for order in orders)
            ahead = deque(islice(readings, AHEAD))
            while ahead:
                batch = ahead.popleft().result(self.device)
                ahead.extend(islice(readings, 1))
                yield batch
        finally:
            pool.shutdown(cancel_futures=True)

    def all(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield every image, uint8 (3, H, W), and its labels, (H, W), in order.

        :raises DatasetError: if a file cannot be read, or its size has changed
        """
        # Together, the orders that are read ahead employ every reader.
        orders = torch.arange(len(self)).split(math.ceil(readers() / AHEAD))
        samples = chain.from_iterable(zip(*batch) for batch in self.batches(orders))
        return (sample for _, sample in zip(self._watch(range(len(self))), samples))

    def label_counts(self) -> Tensor:
        """Return how many pixels have each label, int64 (256,), having read all labels.

        :raises DatasetError: if a file cannot be read
        """
        with ThreadPoolExecutor(readers()) as pool:
            counts = pool.map(self._count, range(len(self)))
            return sum(
                (count for _, count in zip(self._watch(range(len(self))), counts)),
                start=torch.zeros(VOID + 1, dtype=torch.int64),
            )

    def _begin(self, order: Tensor, pool: ThreadPoolExecutor) -> 'Reading':
        shape, pinned = (len(order), *self.size_px), self.device.type == 'cuda'
        # Pinned memory goes back to PyTorch's cache, once the device has copied it.
        images = torch.empty(shape[:1] + (3,) + shape[1:], dtype=torch.uint8, pin_memory=pinned)
        labels = torch.empty(shape, dtype=torch.uint8, pin_memory=pinned)
        tasks = [
            pool.submit(self._read, index, image.numpy(), label.numpy())
            for index, image, label in zip(order.tolist(), images, labels)
        ]
        return Reading(images, labels, tasks)

    def _read(self, index: int, image: np.ndarray, label: np.ndarray) -> None:
        """Fill ``image`` (3, H, W) and ``label`` (H, W)."""
        count = len(self._data)
        pixels, classes = self._data.read(index) if index < count else self._drawn[index - count]
        if classes.shape != self.size_px:
            raise DatasetError(odd_size(self._data, index, classes.shape, self.size_px))
        image[:] = pixels.transpose(2, 0, 1)
        label[:] = classes

    def _count(self, index: int) -> Tensor:
        count = len(self._data)
        label = self._data.read_label(index) if index < count else self._drawn[index - count][1]
        return torch.bincount(torch.from_numpy(label).flatten(), minlength=VOID + 1)


@dataclass(frozen=True, slots=True)
class Reading:
    """A batch in host memory, and the tasks that fill it."""

    images: Tensor
    labels: Tensor
    tasks: list[Future[None]]

    def result(self, device: torch.device) -> Batch:
        """Wait until the batch is whole, and return it on a device; raise what a task raises."""
        for task in self.tasks:
            task.result()
        return (
            self.images.to(device, non_blocking=True),
            self.labels.to(device, non_blocking=True),
        )


def readers() -> int:
    """Return how many threads read for this process: one for each CPU that it may use."""
    return max(1, len(os.sched_getaffinity(0)) // local_processes())
