"""The training loop."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from csrnet_ros.errors import TrainingError
from csrnet_ros.model import CSRNet
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.losses import class_weights, cross_entropy
from csrnet_ros.training.memory import Samples
from csrnet_ros.training.schedule import cosine
from csrnet_ros.training.transforms import Augmentation


@dataclass(frozen=True, slots=True)
class Step:
    """One finished step; ``epoch`` and ``number`` count from 1, ``number`` over the whole run."""

    epoch: int
    number: int
    total: int
    loss: float
    learning_rate: float


def steps_per_epoch(samples: Samples, recipe: Recipe) -> int:
    """Return the steps of one epoch: whole batches only."""
    return len(samples) // recipe.batch_size


def train(
    network: CSRNet, samples: Samples, recipe: Recipe, *, augment: Augmentation, seed: int
) -> Iterator[Step]:
    """Train a network in place, on the device that it and the samples are on; yield each step.

    :raises TrainingError: if there is less than one batch, or the loss ceases to be finite
    """
    per_epoch = steps_per_epoch(samples, recipe)
    if not per_epoch:
        raise TrainingError(
            f'{len(samples)} images are fewer than one batch of {recipe.batch_size}'
        )
    device = samples.images.device
    weights = class_weights(
        samples.labels, num_classes=network.num_classes, balance=recipe.class_balance
    )
    criterion = cross_entropy(weights.to(device))
    optimizer = make_optimizer(network, recipe)
    scaler = torch.amp.GradScaler(enabled=device.type == 'cuda')
    order = torch.Generator().manual_seed(seed)
    network.train()
    for epoch in range(recipe.epochs):
        rate = set_learning_rate(optimizer, recipe, epoch=epoch)
        batches = torch.randperm(len(samples), generator=order).split(recipe.batch_size)
        for index, indices in enumerate(batches[:per_epoch]):
            x, target = augment(*samples.batch(indices))
            x = x.contiguous(memory_format=torch.channels_last)
            with torch.autocast(device.type, torch.float16, enabled=scaler.is_enabled()):
                loss = criterion(network(x), target)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            step = Step(
                epoch + 1,
                epoch * per_epoch + index + 1,
                recipe.epochs * per_epoch,
                loss.item(),
                rate,
            )
            if not math.isfinite(step.loss):
                raise TrainingError(f'the loss is {step.loss} in {step}; lower the learning rate')
            yield step


def make_optimizer(network: CSRNet, recipe: Recipe) -> torch.optim.Adam:
    """Return Adam; a backbone that starts from ImageNet learns and decays less (section 4.2)."""
    factor = recipe.backbone_factor if recipe.imagenet_backbone else 1.0
    backbone = list(network.backbone.parameters())
    others = [
        parameter
        for name, parameter in network.named_parameters()
        if not name.startswith('backbone.')
    ]
    groups = [
        {'params': backbone, 'factor': factor, 'weight_decay': factor * recipe.weight_decay},
        {'params': others, 'factor': 1.0, 'weight_decay': recipe.weight_decay},
    ]
    return torch.optim.Adam(groups, lr=recipe.learning_rate, betas=recipe.betas)


def set_learning_rate(optimizer: torch.optim.Adam, recipe: Recipe, *, epoch: int) -> float:
    """Set every group's rate for ``epoch``, counted from 0, and return the undivided one."""
    rate = cosine(
        epoch,
        epochs=recipe.epochs,
        first=recipe.learning_rate,
        last=recipe.final_learning_rate,
    )
    for group in optimizer.param_groups:
        group['lr'] = rate * group['factor']
    return rate
