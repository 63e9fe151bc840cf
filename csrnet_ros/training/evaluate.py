"""Evaluation: whole image, one scale, no flip, at the labels' full resolution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

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


class Labeller(Protocol):
    """What labels images; ``how`` says in what precision and where, for instance."""

    how: str

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """Return the labels, uint8 (H, W), of an RGB image, uint8 (H, W, 3)."""


class PlainLabeller:
    """A checkpoint's network as PyTorch runs it in float32."""

    def __init__(self, checkpoint: Checkpoint, *, device: torch.device) -> None:
        network = checkpoint.build().to(device)
        self._network = network.to(memory_format=torch.channels_last)
        self._checkpoint, self._device = checkpoint, device
        self.how = f'in float32 on {device}'

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return predict(self._network, self._checkpoint, image, self._device)


class Evaluator:
    """Labels the images of a data set with one network or several.

    :param labeller: makes what labels of a checkpoint
    :raises ValueError: if a checkpoint's classes are not the data set's
    """

    def __init__(
        self,
        checkpoints: Sequence[Checkpoint],
        data: FileDataset,
        *,
        labeller: Callable[[Checkpoint], Labeller],
    ) -> None:
        for checkpoint in checkpoints:
            if checkpoint.labels.classes != data.labels.classes:
                raise ValueError(
                    f'the weights know {", ".join(checkpoint.labels.classes)}; {data.name} has '
                    f'{", ".join(data.labels.classes)}'
                )
        self.data = data
        self._labellers = [labeller(checkpoint) for checkpoint in checkpoints]
        self.how = self._labellers[0].how

    def outcome(self, index: int) -> Outcome:
        """Return what the networks make of the image at ``index``."""
        image, truth = self.data.read(index)
        return Outcome(index, image, truth, tuple(label(image) for label in self._labellers))


def evaluate(
    checkpoint: Checkpoint, data: FileDataset, *, device: torch.device, watch: Watch = iter
) -> ConfusionMatrix:
    """Return the confusion matrix of a checkpoint over a whole data set.

    :param watch: passes the indices through while it shows their progress, as tqdm does
    :raises ValueError: if the checkpoint's classes are not the data set's
    """
    evaluator = Evaluator([checkpoint], data, labeller=partial(PlainLabeller, device=device))
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
