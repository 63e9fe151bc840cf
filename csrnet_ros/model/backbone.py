"""The backbone: ResNet-18 without its average pooling and classifier (section 3.1).

x (N, 3, H, W) -> RB-1 (N, 64, H/4, W/4), RB-2 (N, 128, H/8, W/8),
                  RB-3 (N, 256, H/16, W/16), RB-4 (N, 512, H/32, W/32)

Module names are torchvision's, so that its ImageNet weights fit.
"""

from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, conv1x1

from csrnet_ros.model.config import BACKBONE_CHANNELS


class ResidualSum(BasicBlock):  # type: ignore[misc]  # torchvision has no types
    """The last basic block of a stage: it gives the residual sum before its ReLU.

    That sum is what leaves a stage for the SRMs and the SPFM; the paper leaves the point open,
    see docs/decisions/0001-open-questions-of-the-paper.md.
    """

    def forward(self, x: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(x)))
        return self.bn2(self.conv2(residual)) + x


def _stage(in_channels: int, channels: int, *, stride: int) -> nn.Sequential:
    shortcut = None
    if stride > 1:
        shortcut = nn.Sequential(conv1x1(in_channels, channels, stride), nn.BatchNorm2d(channels))
    return nn.Sequential(
        BasicBlock(in_channels, channels, stride, shortcut), ResidualSum(channels, channels)
    )


class ResNet18Backbone(nn.Module):
    """Feature maps of an image at strides 4, 8, 16 and 32."""

    def __init__(self) -> None:
        super().__init__()
        c4, c8, c16, c32 = (BACKBONE_CHANNELS[stride] for stride in (4, 8, 16, 32))
        self.conv1 = nn.Conv2d(3, c4, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(c4)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _stage(c4, c4, stride=1)
        self.layer2 = _stage(c4, c8, stride=2)
        self.layer3 = _stage(c8, c16, stride=2)
        self.layer4 = _stage(c16, c32, stride=2)

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        """Return the residual sums of RB-1 to RB-4 by stride, for x (N, 3, H, W)."""
        relu = functional.relu
        rb1 = self.layer1(self.maxpool(relu(self.bn1(self.conv1(x)))))  # H/4
        rb2 = self.layer2(relu(rb1))  # H/8
        rb3 = self.layer3(relu(rb2))  # H/16
        rb4 = self.layer4(relu(rb3))  # H/32
        return {4: rb1, 8: rb2, 16: rb3, 32: rb4}
