"""Evaluation: whole image, one scale, no flip, at the labels' full resolution."""

from collections.abc import Callable

import numpy as np
import torch

from csrnet_ros.model import Checkpoint, CSRNet
from csrnet_ros.training.datasets import FileDataset, Watch
from csrnet_ros.training.metrics import ConfusionMatrix


def evaluate(
    checkpoint: Checkpoint,
    data: FileDataset,
    *,
    device: torch.device,
    watch: Watch = iter,
    take: Callable[[int, np.ndarray], None] | None = None,
) -> ConfusionMatrix:
    """Return the confusion matrix of a checkpoint over a whole data set, in float32.

    :param watch: passes the indices through while it shows their progress, as tqdm does
    :param take: is given the index and the predicted classes, uint8 (H, W), of every image
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
        predicted = predict(network, checkpoint, image, device)
        matrix.update(truth, predicted)
        if take is not None:
            take(index, predicted)
    return matrix


@torch.inference_mode()
def predict(
    network: CSRNet, checkpoint: Checkpoint, image: np.ndarray, device: torch.device
) -> np.ndarray:
    """Return the labels, uint8 (H, W), that a checkpoint's network gives an RGB image."""
    x = torch.from_numpy(image).to(device).permute(2, 0, 1)[None].float()
    mean = torch.tensor(checkpoint.mean, device=device)[:, None, None]
    std = torch.tensor(checkpoint.std, device=device)[:, None, None]
    logits = network(((x - mean) / std).contiguous(memory_format=torch.channels_last))
    return logits[0].argmax(0).to(torch.uint8).cpu().numpy()
