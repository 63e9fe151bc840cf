"""Evaluation: whole image, one scale, no flip, at the labels' full resolution, in float32."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from csrnet_ros.model import Checkpoint, CSRNet
from csrnet_ros.training.datasets import FileDataset, Watch
from csrnet_ros.training.metrics import ConfusionMatrix


@dataclass(frozen=True, slots=True)
class Outcome:
    """An image, its truth, and what each network made of it.

    :param index: the image's place in the data set
    :param image: RGB uint8 (H, W, 3)
    :param truth: uint8 (H, W), 255 for void
    :param predictions: of each network, uint8 (H, W)
    """

    index: int
    image: np.ndarray
    truth: np.ndarray
    predictions: tuple[np.ndarray, ...]


class Evaluator:
    """Labels the images of a data set with one network or several.

    :raises ValueError: if a checkpoint's classes are not the data set's
    """

    def __init__(
        self, checkpoints: Sequence[Checkpoint], data: FileDataset, *, device: torch.device
    ) -> None:
        for checkpoint in checkpoints:
            if checkpoint.labels.classes != data.labels.classes:
                raise ValueError(
                    f'the weights know {", ".join(checkpoint.labels.classes)}; {data.name} has '
                    f'{", ".join(data.labels.classes)}'
                )
        self.data, self.device = data, device
        self._checkpoints = checkpoints
        self._networks = [
            checkpoint.build().to(device).to(memory_format=torch.channels_last)
            for checkpoint in checkpoints
        ]

    def outcome(self, index: int) -> Outcome:
        """Return what the networks make of the image at ``index``."""
        image, truth = self.data.read(index)
        predictions = tuple(
            predict(network, checkpoint, image, self.device)
            for network, checkpoint in zip(self._networks, self._checkpoints, strict=True)
        )
        return Outcome(index, image, truth, predictions)


def evaluate(
    checkpoint: Checkpoint, data: FileDataset, *, device: torch.device, watch: Watch = iter
) -> ConfusionMatrix:
    """Return the confusion matrix of a checkpoint over a whole data set.

    :param watch: passes the indices through while it shows their progress, as tqdm does
    :raises ValueError: if the checkpoint's classes are not the data set's
    """
    evaluator = Evaluator([checkpoint], data, device=device)
    matrix = ConfusionMatrix(len(data.labels))
    for index in watch(range(len(data))):
        outcome = evaluator.outcome(index)
        matrix.update(outcome.truth, outcome.predictions[0])
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
