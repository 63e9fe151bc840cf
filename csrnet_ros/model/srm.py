"""The Selective Resolution Module (section 3.4, Figure 6).

low (N, c, h, w), high (N, Chigh, H, W) -> (N, c, H, W)
"""

import torch
from torch import Tensor, nn

from csrnet_ros.model.layers import ConvBnRelu, resize_bilinear


class Attention(nn.Module):
    """Weighs two maps against each other, channel by channel, and adds them (eq. 2-8).

    Two maps (N, c, H, W) in, one out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.descriptor = nn.Linear(channels, channels, bias=False)
        self.bn = nn.BatchNorm1d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.to_high = nn.Linear(channels, channels)
        self.to_low = nn.Linear(channels, channels)

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Return the weighted sum of both maps.

        :raises ValueError: in training with one image, whose descriptor has no batch statistics
        """
        self._check_batch(high.shape[0])
        g = (high + low).mean(dim=(2, 3))  # eq. 2, 3: (N, c)
        for_high, for_low = self.weights(g)
        return for_high * high + for_low * low  # eq. 7, 8: (N, c, H, W)

    def weights(self, g: Tensor) -> Tensor:
        """Return what each map weighs, (2, N, c, 1, 1), by the mean g (N, c) of their sum."""
        s = self.relu(self.bn(self.descriptor(g)))  # eq. 4: (N, c)
        pair = torch.stack((self.to_high(s), self.to_low(s)))  # eq. 5: (2, N, c)
        # eq. 6: over the pair, not over the channels; see docs/decisions/0001.
        # Under autocast a GPU would go on in single precision from here.
        return pair.softmax(dim=0).to(pair.dtype)[..., None, None]

    def _check_batch(self, images: int) -> None:
        if self.training and images == 1 and not isinstance(self.bn, nn.SyncBatchNorm):
            raise ValueError(
                'a training batch of 1 image leaves BatchNorm nothing to normalise in the '
                'attention of the SRM; use at least 2 images per device, or SyncBatchNorm'
            )


class Addition(nn.Module):
    """Adds two maps as they are (eq. 1); what the attention is compared with in Table 3."""

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Return high + low, all (N, c, H, W)."""
        return high + low


class SRM(nn.Module):
    """Refines a low-resolution map with a high-resolution one.

    :param high_channels: channels of the high-resolution map
    :param channels: channels c of the low-resolution map and of the result
    :param attention: weigh the two maps; without, add them
    :param pointwise: blend with a 1x1 convolution before the 3x3
    """

    def __init__(
        self, high_channels: int, *, channels: int, attention: bool, pointwise: bool
    ) -> None:
        super().__init__()
        # The "channel pruning" of section 3.2; every SRM has it, see docs/decisions/0001.
        self.prune = ConvBnRelu(high_channels, channels, kernel_size=1)
        self.select = Attention(channels) if attention else Addition()
        self.pointwise = (
            ConvBnRelu(channels, channels, kernel_size=1) if pointwise else nn.Identity()
        )
        self.blend = ConvBnRelu(channels, channels, kernel_size=3)

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Return low (N, c, h, w) refined by high (N, high_channels, H, W): (N, c, H, W)."""
        high = self.prune(high)
        low = resize_bilinear(low, (high.shape[-2], high.shape[-1])).to(high.dtype)
        merged = self.select(high, low)  # eq. 2-8
        return self.blend(self.pointwise(merged))  # eq. 9, 10
