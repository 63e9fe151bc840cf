"""The Shorted Pyramid Fusion Module (section 3.3).

x (N, Cin, H, W) -> (N, c, H, W)
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from csrnet_ros.model.layers import ConvBnRelu, resize_bilinear

GRIDS = (8, 4, 2)
"""Rows of the pooling grids; their columns follow the map's shape."""

BN_MOMENTUM = 0.005
"""As the authors set it here and nowhere else; see docs/decisions/0001."""


def grid_size(rows: int, height: int, width: int) -> tuple[int, int]:
    """Return the (rows, columns) of a pooling grid whose cells are about square."""
    return rows, max(1, round(rows * width / height))


class GridPool(nn.Module):
    """Averages a map over the cells of a pooling grid; cells may differ by a row or a column.

    x (N, C, H, W) -> (N, C, rows, columns)
    """

    def forward(self, x: Tensor, rows: int) -> Tensor:
        """Return the averages over ``rows`` rows of cells that are about square."""
        return functional.adaptive_avg_pool2d(x, grid_size(rows, x.shape[-2], x.shape[-1]))


class SPFM(nn.Module):
    """Adds global context to a map: averages over three coarse grids, fused with the map.

    Input (N, in_channels, H, W), output (N, channels, H, W), the same stride.
    """

    def __init__(self, in_channels: int, *, channels: int) -> None:
        super().__init__()
        branch = channels // len(GRIDS)
        self.squeeze = ConvBnRelu(in_channels, channels, kernel_size=1, bn_momentum=BN_MOMENTUM)
        self.pool = GridPool()
        self.branches = nn.ModuleList(
            ConvBnRelu(channels, branch, kernel_size=1, bn_momentum=BN_MOMENTUM) for _ in GRIDS
        )
        # "2c" in the paper; with c = 128 it is 128 + 3 * 42 = 254.
        fused = channels + branch * len(GRIDS)
        self.fuse = ConvBnRelu(fused, channels, kernel_size=1, bn_momentum=BN_MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """Return the map x (N, in_channels, H, W) with its context, (N, channels, H, W)."""
        x = self.squeeze(x)
        size = (x.shape[-2], x.shape[-1])
        levels = [x]
        for rows, branch in zip(GRIDS, self.branches, strict=True):
            levels.append(resize_bilinear(branch(self.pool(x, rows)), size))
        return self.fuse(torch.cat(levels, dim=1))
