"""A data set held in memory as tensors, and the drawn street beside it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from csrnet_ros.errors import DatasetError
from csrnet_ros.training.datasets import FileDataset, Watch
from csrnet_ros.training.datasets.street import draw_street

Sample = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Samples:
    """Images uint8 (N, 3, H, W) and labels uint8 (N, H, W) on one device."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return self.images.shape[0]

    def batch(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Return the images and labels at ``indices``."""
        indices = indices.to(self.images.device, non_blocking=True)
        return self.images[indices], self.labels[indices]


def load(
    data: FileDataset, *, drawn_frames: int, device: torch.device, watch: Watch = iter
) -> Samples:
    """Read a whole data set, and as many drawn streets of the same size, into memory.

    :raises DatasetError: if a file is unreadable or its image differs in size from the first
    """
    with ThreadPoolExecutor() as pool:
        samples = list(watch_map(pool, data, watch))
    height, width = samples[0][1].shape
    samples += [
        # Seed 0 is the demo's street; training never sees it.
        draw_street(37 * number, seed=1 + number, height_px=height, width_px=width)
        for number in range(drawn_frames)
    ]
    images = np.stack([image.transpose(2, 0, 1) for image, _ in samples])
    labels = np.stack([label for _, label in samples])
    return Samples(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))


def watch_map(pool: ThreadPoolExecutor, data: FileDataset, watch: Watch) -> Iterator[Sample]:
    """Yield the samples of a data set in order, each checked against the first one's size."""
    shape = None
    for index, sample in zip(watch(range(len(data))), pool.map(data.read, range(len(data)))):
        shape = shape or sample[1].shape
        if sample[1].shape != shape:
            raise DatasetError(
                f'{data.pairs[index].image}: {sample[1].shape[0]}x{sample[1].shape[1]} pixels, '
                f'but the first image has {shape[0]}x{shape[1]}; resize them to one size'
            )
        yield sample
