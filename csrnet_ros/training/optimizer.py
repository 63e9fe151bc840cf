"""Adam and its learning rates."""

import torch
from torch import nn

from csrnet_ros.model import CSRNet
from csrnet_ros.training.config import Recipe


def make_optimizer(model: nn.Module, network: CSRNet, recipe: Recipe) -> torch.optim.Adam:
    """Return Adam for a model; a backbone from ImageNet learns and decays less (section 4.2).

    :param network: the network in the model, whose backbone it is
    """
    factor = recipe.backbone_factor if recipe.imagenet_backbone else 1.0
    backbone = list(network.backbone.parameters())
    known = set(backbone)
    others = [parameter for parameter in model.parameters() if parameter not in known]
    groups = [
        {'params': backbone, 'factor': factor, 'weight_decay': factor * recipe.weight_decay},
        {'params': others, 'factor': 1.0, 'weight_decay': recipe.weight_decay},
    ]
    return torch.optim.Adam(groups, lr=recipe.learning_rate, betas=recipe.betas)


def set_learning_rate(optimizer: torch.optim.Adam, rate: float) -> None:
    """Set the rate of every group, each with its factor."""
    for group in optimizer.param_groups:
        group['lr'] = rate * group['factor']
