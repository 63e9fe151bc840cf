"""Evaluation: whole image, one scale, no flip, at the labels' full resolution."""

from collections.abc import Callable, Iterable

import numpy as np
import torch

from csrnet_ros.model import Checkpoint, CSRNet
from csrnet_ros.training.datasets import FileDataset
from csrnet_ros.training.metrics import ConfusionMatrix


def evaluate(
    checkpoint: Checkpoint,
    data: FileDataset,
    *,
    device: torch.device,
    watch: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> ConfusionMatrix:
    """Return the confusion matrix of a checkpoint over a whole data set, in float32.

    :param watch: passes the indices through while it shows their progress, as tqdm does
    :raises ValueError: if the checkpoint's classes are not the data set's
    """
    if checkpoint.labels.classes != data.labels.classes:
        raise ValueError(
            f'the weights know {", ".join(checkpoint.labels.classes)}; {data.name} has '
            f'{", ".join(data.labels.classes)}'
        )
    network = checkpoint.build().to(device).to(memory_format=torch.channels_last)
    matrix = ConfusionMatrix(len(data.labels))
    for index in watch(range(len(data))):
        image, truth = data.read(index)
        matrix.update(truth, _predict(network, checkpoint, image, device))
    return matrix


@torch.inference_mode()
def _predict(
    network: CSRNet, checkpoint: Checkpoint, image: np.ndarray, device: torch.device
) -> np.ndarray:
    x = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float()
    mean = torch.tensor(checkpoint.mean, device=device)[:, None, None]
    std = torch.tensor(checkpoint.std, device=device)[:, None, None]
    logits = network(((x - mean) / std).contiguous(memory_format=torch.channels_last))
    return logits[0].argmax(0).to(torch.uint8).cpu().numpy()
