"""The loss and how classes weigh in it.

logits (N, classes, H, W), target int64 (N, H, W) with VOID for unknown pixels -> scalar
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from csrnet_ros.labels import VOID
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.samples import Samples


def class_weights(samples: Samples, *, num_classes: int, balance: float) -> Tensor:
    """Return float32 (num_classes,) weights proportional to frequency ** -balance, mean 1.

    :param samples: what the frequencies are taken from, unless the balance is 0
    :raises DatasetError: if a file cannot be read
    """
    if not balance:
        return torch.ones(num_classes)
    counts = samples.label_counts()[:num_classes].float()
    weights = (counts.clamp(min=1) / counts.sum()) ** -balance
    return weights / weights.mean()


def make_loss(recipe: Recipe, *, weights: Tensor) -> nn.Module:
    """Return the loss of a recipe.

    It takes the logits and the target; where the recipe has auxiliary heads, in place of the
    logits the tuple that ``AuxiliaryHeads`` gives.

    :param weights: float32 (num_classes,): how much a pixel of each class weighs
    """
    loss = PixelLoss(
        weights,
        probability=recipe.ohem_probability,
        share=recipe.ohem_share,
        label_smoothing=recipe.label_smoothing,
    )
    return AuxiliaryLoss(loss, weight=recipe.auxiliary_weight) if recipe.auxiliary_weight else loss


class PixelLoss(nn.Module):
    """Mean cross-entropy of the known pixels, or of the hard ones: online hard example mining.

    The mean is taken here: that of PyTorch's own loss adds up in any order on CUDA.

    :param weights: float32 (num_classes,): how much a pixel of each class weighs
    :param probability: a pixel is hard if its true class is given less than this; all are, if 1
    :param share: share of the known pixels, the hardest, that count in any case
    :param label_smoothing: share of the target spread evenly over the classes
    """

    weights: Tensor

    def __init__(
        self, weights: Tensor, *, probability: float, share: float, label_smoothing: float
    ) -> None:
        super().__init__()
        self.register_buffer('weights', weights)
        self.threshold = -math.log(probability)
        self.share = share
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss, in no less than float32; 0 for a batch without a known pixel."""
        # The sum over a million pixels does not fit into half precision.
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        losses = functional.cross_entropy(
            logits,
            target,
            weight=self.weights,
            ignore_index=VOID,
            reduction='none',
            label_smoothing=self.label_smoothing,
        )
        counted = target != VOID
        weights = self.weights[target.where(counted, 0)]
        if self.threshold:
            hardness = losses.detach() / weights
            if self.label_smoothing:  # says nothing of how hard a pixel is
                hardness = functional.cross_entropy(
                    logits.detach(), target, ignore_index=VOID, reduction='none'
                )
            counted = counted & (hardness >= self._least(hardness, counted))
        return (losses * counted).sum() / (weights * counted).sum().clamp(min=torch.finfo().tiny)

    def _least(self, hardness: Tensor, known: Tensor) -> Tensor:
        """Return how hard a pixel must at least be to count, (1,).

        :param hardness: minus the logarithm of the probability given to the true class (N, H, W)
        """
        # Whatever its size, the hardest share lies before this place: no wait for the device.
        place = (self.share * known.sum().double()).ceil().long().clamp(min=1) - 1
        hardest = hardness.where(known, -1.0).flatten().sort(descending=True).values
        return hardest.gather(0, place[None]).clamp(max=self.threshold)


class AuxiliaryLoss(nn.Module):
    """Adds the losses of auxiliary heads to that of the network's own.

    :param loss: the loss of one head
    :param weight: how much each auxiliary head's counts
    """

    def __init__(self, loss: nn.Module, *, weight: float) -> None:
        super().__init__()
        self.loss = loss
        self.weight = weight

    def forward(self, outputs: tuple[Tensor, ...], target: Tensor) -> Tensor:
        """Return the weighted sum; ``outputs`` holds the network's own logits first."""
        own, *auxiliary = (self.loss(logits, target) for logits in outputs)
        return own + self.weight * sum(auxiliary)
