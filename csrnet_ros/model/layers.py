"""The two small things that every module of the network is made of."""

from torch import Tensor, nn
from torch.nn import functional


class ConvBnRelu(nn.Sequential):
    """Convolution without bias, BatchNorm, ReLU; the size of the map stays.

    :param bn_momentum: weight of the newest batch in BatchNorm's running statistics, 0 to 1
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel_size: int, bn_momentum: float = 0.1
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False
            ),
            nn.BatchNorm2d(out_channels, momentum=bn_momentum),
            nn.ReLU(inplace=True),
        )


def resize_bilinear(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring maps (N, C, H, W) to ``size`` (rows, columns), bilinear, align_corners=False."""
    return functional.interpolate(x, size=size, mode='bilinear', align_corners=False)
