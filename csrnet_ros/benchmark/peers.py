"""What a user could install instead: other networks of the size, by name, with random weights.

They are built from their packages' definitions and nothing is downloaded: only their speed can be
measured, which does not depend on the weights.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from csrnet_ros.extras import load_extra


class Logits(nn.Module):
    """A network that gives its logits alone, whatever else it returns.

    x (N, 3, H, W) -> (N, classes, h, w)
    """

    def __init__(self, network: nn.Module, key: str) -> None:
        super().__init__()
        self.network = network
        self._key = key

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits at the size that the network gives them."""
        return self.network(x)[self._key]


@dataclass(frozen=True, slots=True)
class Peer:
    """A network of others.

    :param package: the package on PyPI that defines it
    :param make: builds it for a number of classes, with random weights
    :param multiple_px: its input's sides must be multiples of this
    :param ncnn: whether ncnn can run it
    """

    package: str
    make: Callable[[int], nn.Module]
    multiple_px: int = 1
    ncnn: bool = True

    @property
    def origin(self) -> str:
        """The package that defines it, and its version."""
        return f'{self.package} {version(self.package)}'

    def build(self, num_classes: int) -> nn.Module:
        """Return the network for ``num_classes``, float32, on the CPU, in evaluation mode.

        :raises MissingPackageError: if its package is not installed
        """
        torch.manual_seed(0)
        return self.make(num_classes).eval().requires_grad_(False)


def _torchvision(name: str) -> Callable[[int], nn.Module]:
    def make(num_classes: int) -> nn.Module:
        models: Any = load_extra('torchvision.models.segmentation', package='torchvision')
        make_network = getattr(models, name)
        network = make_network(weights=None, weights_backbone=None, num_classes=num_classes)
        return Logits(network, 'out')

    return make


def _segmentation_models(name: str) -> Callable[[int], nn.Module]:
    def make(num_classes: int) -> nn.Module:
        package = 'segmentation-models-pytorch'
        models: Any = load_extra('segmentation_models_pytorch', package=package)
        return getattr(models, name)('resnet18', encoder_weights=None, classes=num_classes)

    return make


def _segformer_b0(num_classes: int) -> nn.Module:
    transformers: Any = load_extra('transformers', package='transformers')
    # The defaults of its configuration are those of B0.
    config = transformers.SegformerConfig(num_labels=num_classes)
    return Logits(transformers.SegformerForSemanticSegmentation(config), 'logits')


PEERS = MappingProxyType(
    {
        'lraspp-mobilenet-v3': Peer('torchvision', _torchvision('lraspp_mobilenet_v3_large')),
        'deeplab-mobilenet-v3': Peer('torchvision', _torchvision('deeplabv3_mobilenet_v3_large')),
        'unet-resnet18': Peer('segmentation-models-pytorch', _segmentation_models('Unet')),
        'fpn-resnet18': Peer(
            'segmentation-models-pytorch',
            _segmentation_models('FPN'),
            multiple_px=32,
            ncnn=False,  # 1.0.20261020 ends with SIGSEGV in its forward pass
        ),
        'segformer-b0': Peer('transformers', _segformer_b0),
    }
)
