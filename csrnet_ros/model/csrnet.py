"""CSRNet assembled: a backbone and up to three stages of refinement (Figures 4 and 7).

x (N, 3, H, W) -> logits (N, classes, H, W)

The paper: J.-J. Xiong, L.-M. Po, W.-Y. Yu, C. Zhou, P.-F. Xian, W.-F. Ou, "CSRNet: Cascaded
Selective Resolution Network for Real-time Semantic Segmentation".
"""

from torch import Tensor, nn

from csrnet_ros.model.backbone import ResNet18Backbone
from csrnet_ros.model.config import BACKBONE_CHANNELS, CSRNetConfig
from csrnet_ros.model.layers import ConvBnRelu, resize_bilinear
from csrnet_ros.model.spfm import SPFM
from csrnet_ros.model.srm import SRM

MIN_SIDE_PX = 64
"""Smallest height and width of an image: two cells of the coarsest map."""


class RefinementStage(nn.Module):
    """One stage: context at its coarsest stride, then SRMs up to its finest (section 3.2).

    :param strides: the strides that its SRMs refine to, coarse to fine
    :param channels_at: channels of the maps that it finds, by stride
    """

    def __init__(
        self, strides: tuple[int, ...], *, channels_at: dict[int, int], config: CSRNetConfig
    ) -> None:
        super().__init__()
        self.strides = strides
        self.start = 2 * strides[0]
        found, c = channels_at[self.start], config.channels
        self.context = (
            SPFM(found, channels=c) if config.spfm else ConvBnRelu(found, c, kernel_size=1)
        )
        self.refine = nn.ModuleList(
            SRM(
                channels_at[stride],
                channels=c,
                attention=config.attention,
                pointwise=config.pointwise,
            )
            for stride in strides
        )

    def forward(self, maps: dict[int, Tensor]) -> dict[int, Tensor]:
        """Return the maps by stride, those that this stage refined in place of what it found."""
        refined = dict(maps)
        low = self.context(maps[self.start])
        for stride, srm in zip(self.strides, self.refine, strict=True):
            # High is what the previous stage left at this stride, or the backbone's map.
            low = refined[stride] = srm(low, maps[stride])
        return refined


class CSRNet(nn.Module):
    """The network of a configuration for a number of classes.

    :param config: a row of ``VARIANTS`` or ``ABLATIONS``
    :param num_classes: channels of the logits, at least 2
    :raises ValueError: if there are fewer than 2 classes
    """

    def __init__(self, config: CSRNetConfig, *, num_classes: int) -> None:
        super().__init__()
        if num_classes < 2:
            raise ValueError(f'num_classes is {num_classes}; at least 2 are needed')
        self.config = config
        self.num_classes = num_classes
        self.backbone = ResNet18Backbone()
        self.stages = nn.ModuleList()
        channels_at = dict(BACKBONE_CHANNELS)
        for strides in config.stages:
            self.stages.append(RefinementStage(strides, channels_at=channels_at, config=config))
            channels_at |= dict.fromkeys(strides, config.channels)
        self.classify = nn.Conv2d(config.channels, num_classes, kernel_size=1)
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (N, num_classes, H, W) of normalised RGB images x (N, 3, H, W).

        :raises ValueError: if a side is below 64 pixels, or a training batch holds one image
        """
        return resize_bilinear(self.logits(x), (x.shape[-2], x.shape[-1]))

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits (N, num_classes, H/4, W/4) before they are brought to x's size."""
        maps = self.features(x)  # {4: RB-1, 8: RB-2, 16: RB-3, 32: RB-4}
        for stage in self.stages:
            maps = stage(maps)  # the low-, mid- and high-refined map at stride 4
        return self.classify(maps[4])

    def features(self, x: Tensor) -> dict[int, Tensor]:
        """Return the backbone's maps by stride, which the stages refine one after the other."""
        if min(x.shape[-2:]) < MIN_SIDE_PX:
            raise ValueError(
                f'an image of {x.shape[-2]}x{x.shape[-1]} pixels (height x width) is too small; '
                f'each side needs at least {MIN_SIDE_PX}'
            )
        return self.backbone(x)


def initialise(module: nn.Module) -> None:
    """Give a convolution its first weights."""
    # He et al., 2015, as torchvision initialises ResNet; the paper does not say. Drawing nothing
    # for the meta device takes PyTorch seconds: it loads its compiler first.
    if isinstance(module, nn.Conv2d) and not module.weight.is_meta:
        nn.init.kaiming_normal_(module.weight, mode='fan_out', nonlinearity='relu')
        if module.bias is not None:
            nn.init.zeros_(module.bias)
