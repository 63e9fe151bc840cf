"""The loss and how classes weigh in it."""

import torch
from torch import Tensor, nn

from csrnet_ros.labels import VOID


def class_weights(labels: Tensor, *, num_classes: int, balance: float) -> Tensor:
    """Return float32 (num_classes,) weights proportional to frequency ** -balance, mean 1.

    :param labels: uint8, any shape; the training labels that the frequencies are taken from
    """
    counts = torch.bincount(labels.flatten(), minlength=VOID + 1)[:num_classes].float()
    weights = (counts.clamp(min=1) / counts.sum()) ** -balance
    return weights / weights.mean()


def cross_entropy(weights: Tensor) -> nn.CrossEntropyLoss:
    """Return the cross-entropy over full-resolution logits, void ignored (section 4.2)."""
    return nn.CrossEntropyLoss(weight=weights, ignore_index=VOID)
