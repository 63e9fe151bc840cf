"""Weights that the backbone starts from: ImageNet's, through torchvision, or a file's."""

from pathlib import Path
from typing import Any
from urllib.error import URLError

import safetensors.torch
import torch
from torch import Tensor

from csrnet_ros.errors import TrainingError
from csrnet_ros.extras import load_extra
from csrnet_ros.model.backbone import ResNet18Backbone

PREFIX = 'backbone.'
"""What our own checkpoints put before the names of the backbone's weights."""


def load_backbone(backbone: ResNet18Backbone, *, source: str) -> None:
    """Start a backbone from trained weights.

    :param source: ``imagenet`` for torchvision's, downloaded once and kept; ``none`` to leave the
        backbone as it is; else a file: one of ours or any other safetensors, or a torchvision
        ``.pth``, with the weights of a ResNet-18
    :raises TrainingError: if they cannot be had or are not those of a ResNet-18
    :raises MissingPackageError: if torchvision is needed and missing
    """
    if source == 'none':
        return
    found = _download() if source == 'imagenet' else _read(Path(source))
    if any(name.startswith(PREFIX) for name in found):
        found = {name: value for name, value in found.items() if name.startswith(PREFIX)}
    weights = {name.removeprefix(PREFIX): value for name, value in found.items()}
    # ResNet's classifier has no place here.
    weights = {name: value for name, value in weights.items() if not name.startswith('fc.')}
    try:
        backbone.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainingError(
            f'{source}: not the weights of a ResNet-18 ({" ".join(str(error).split())[:300]}); '
            "use torchvision's resnet18 or a checkpoint of csrnet-train"
        ) from error


def _download() -> dict[str, Tensor]:
    models: Any = load_extra('torchvision.models', package='torchvision')
    weights = models.ResNet18_Weights.IMAGENET1K_V1
    try:
        return dict(weights.get_state_dict(progress=True, check_hash=True, weights_only=True))
    except (URLError, OSError, RuntimeError) as error:  # RuntimeError: its hash is wrong
        raise TrainingError(
            f'the ImageNet weights of ResNet-18 cannot be downloaded ({error}); connect to the '
            'network once, name a file by --backbone-weights FILE, or train without them: '
            '--recipe scratch, or --recipe cpu on a machine without a GPU'
        ) from error


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise TrainingError(
            f'{path}: no such file of backbone weights; give a file, imagenet, or none'
        )
    found: Any
    try:
        if path.suffix == '.safetensors':
            found = safetensors.torch.load_file(path)
        else:
            found = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # a damaged pickle fails in any way that its bytes spell
        raise TrainingError(
            f'{path}: its weights cannot be read ({type(error).__name__}); give a whole '
            'safetensors file, or a .pth file that holds nothing but tensors'
        ) from error
    if not isinstance(found, dict) or not all(isinstance(v, Tensor) for v in found.values()):
        raise TrainingError(f'{path}: holds no table of tensors; save the state_dict alone')
    return found
