"""The backbone: ResNet-18 without its average pooling and classifier (section 3.1).

x (N, 3, H, W) -> RB-1 (N, 64, H/4, W/4), RB-2 (N, 128, H/8, W/8),
                  RB-3 (N, 256, H/16, W/16), RB-4 (N, 512, H/32, W/32)

Module names are torchvision's, so that its ImageNet weights fit.
"""

from torch import Tensor, nn
from torch.nn.functional import relu

from csrnet_ros.model.config import BACKBONE_CHANNELS


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: x (N, C, H, W) -> (N, channels, H/stride, W/stride).

    It gives the residual sum before its ReLU, since that is what leaves a stage for the SRMs and
    the SPFM; the paper leaves the point open, see docs/decisions/0001.
    """

    def __init__(self, in_channels: int, channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual sum."""
        residual = relu(self.bn1(self.conv1(x)), inplace=True)
        return self.bn2(self.conv2(residual)) + self.downsample(x)


class Stage(nn.Sequential):
    """Two basic blocks, the first of which has the stride."""

    def __init__(self, in_channels: int, channels: int, *, stride: int) -> None:
        super().__init__(
            BasicBlock(in_channels, channels, stride=stride), BasicBlock(channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual sum of the second block."""
        first, second = self
        return second(relu(first(x), inplace=True))


class ResNet18Backbone(nn.Module):
    """Feature maps of an image at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        c4, c8, c16, c32 = (BACKBONE_CHANNELS[stride] for stride in (4, 8, 16, 32))
        self.conv1 = nn.Conv2d(3, c4, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(c4)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = Stage(c4, c4, stride=1)
        self.layer2 = Stage(c4, c8, stride=2)
        self.layer3 = Stage(c8, c16, stride=2)
        self.layer4 = Stage(c16, c32, stride=2)

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        """Return the residual sums of RB-1 to RB-4 by stride, for x (N, 3, H, W)."""
        rb1 = self.layer1(self.maxpool(relu(self.bn1(self.conv1(x)))))  # H/4
        rb2 = self.layer2(relu(rb1))  # H/8
        rb3 = self.layer3(relu(rb2))  # H/16
        rb4 = self.layer4(relu(rb3))  # H/32
        return {4: rb1, 8: rb2, 16: rb3, 32: rb4}
