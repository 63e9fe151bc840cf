"""A network made ready to run: the same answers, without what only training needs.

Exact, but for rounding: BatchNorm is folded into the layer before it; the mean of an SRM's two
maps is taken before the smaller one is enlarged; and, for exporters, the SPFM's pooling is two
matrix products, since few of them know cells that differ in size.
"""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from csrnet_ros.model import Checkpoint, CSRNet
from csrnet_ros.model.layers import resize_bilinear
from csrnet_ros.model.spfm import GridPool
from csrnet_ros.model.srm import SRM, Attention

M = TypeVar('M', bound=nn.Module)


def runnable(checkpoint: Checkpoint) -> CSRNet:
    """Return a checkpoint's network for PyTorch itself to run, float32, on the CPU."""
    network = fold_batch_norm(checkpoint.build())
    replace_modules(network, SRM, with_short_mean)
    return network.requires_grad_(False)


def exportable(checkpoint: Checkpoint) -> CSRNet:
    """Return a checkpoint's network for others to convert, at any size; float32, on the CPU."""
    network = fold_batch_norm(checkpoint.build())
    replace_modules(network, GridPool, lambda _: MatrixPool())
    return network.requires_grad_(False)


def fold_batch_norm(network: CSRNet) -> CSRNet:
    """Fold every BatchNorm of a network, in evaluation mode, into the layer before it, in place.

    Every module of the network holds the two as neighbours, in that order.
    """
    for parent in list(network.modules()):
        children = list(parent.named_children())
        for (name, layer), (bn_name, bn) in zip(children, children[1:], strict=False):
            if isinstance(layer, nn.Conv2d) and isinstance(bn, nn.BatchNorm2d):
                setattr(parent, name, fuse_conv_bn_eval(layer, bn))
            elif isinstance(layer, nn.Linear) and isinstance(bn, nn.BatchNorm1d):
                setattr(parent, name, fuse_linear_bn_eval(layer, bn))
            else:
                continue
            setattr(parent, bn_name, nn.Identity())
    return network


def replace_modules(root: nn.Module, kind: type[M], make: Callable[[M], nn.Module]) -> None:
    """Replace every module of a ``kind`` below ``root`` by what ``make`` makes of it."""
    for parent in list(root.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, make(child))


def with_short_mean(srm: SRM) -> nn.Module:
    """Return an SRM that saves a pass over its large maps, or the same one where it has none."""
    return ShortMeanSRM(srm) if isinstance(srm.select, Attention) else srm


class ShortMeanSRM(nn.Module):
    """An SRM that takes the mean of eq. 3 from its maps as they come, where that is exact.

    Enlarging a map to exactly twice its size, bilinear and with ``align_corners=False``, keeps its
    mean. At any other size the mean is taken as the paper has it.

    low (N, c, h, w), high (N, Chigh, H, W) -> (N, c, H, W)
    """

    def __init__(self, srm: SRM) -> None:
        super().__init__()
        assert isinstance(srm.select, Attention), 'an addition has no mean'
        self.prune, self.select = srm.prune, srm.select
        self.pointwise, self.blend = srm.pointwise, srm.blend

    def forward(self, low: Tensor, high: Tensor) -> Tensor:
        """Return low refined by high."""
        high = self.prune(high)
        height, width = high.shape[-2:]
        up = resize_bilinear(low, (height, width))
        if (height, width) == (2 * low.shape[-2], 2 * low.shape[-1]):
            g = high.mean(dim=(2, 3)) + low.mean(dim=(2, 3))
        else:
            g = (high + up).mean(dim=(2, 3))
        for_high, for_low = self.select.weights(g)
        return self.blend(self.pointwise(for_high * high + for_low * up))


class MatrixPool(nn.Module):
    """``GridPool`` for exporters: averages along the rows, then along the columns.

    x (N, C, H, W) -> (N, C, rows, columns)
    """

    def forward(self, x: Tensor, rows: int) -> Tensor:
        """Return the averages over ``rows`` rows of cells that are about square."""
        height, width = x.shape[-2:]
        down = averages(rows, height, device=x.device).to(x.dtype)
        columns = grid_columns(rows, height, width)
        across = averages(columns, width, device=x.device).to(x.dtype)
        return down @ x @ across.T


def grid_columns(rows: int, height: int, width: int) -> int:
    """Return ``max(1, round(rows * width / height))`` in operations that exporters can follow.

    While a network is exported, height and width are symbols or tensors.
    """
    n, d = 2 * rows * width, height  # twice the number to be rounded
    # Python rounds a half to the even one: floor(x / 2 + 1 / 4) + ceil(x / 2 - 1 / 4). Short,
    # since PyTorch's exporter spends most of its time on what the shapes are symbols of.
    nearest = (n + d) // (4 * d) + (n + 3 * d - 1) // (4 * d)
    return nearest + 1 // (nearest + 1)  # 0 becomes 1


def averages(cells: int, length: int, *, device: torch.device) -> Tensor:
    """Return the matrix (cells, length) that averages over adaptive pooling's cells, float32.

    Cell i covers what begins before its end, (i + 1) * length / cells, and ends after its start.
    """
    cell = torch.arange(cells, device=device)[:, None]
    place = torch.arange(length, device=device)[None]
    inside = (place * cells < (cell + 1) * length) & ((place + 1) * cells > cell * length)
    weights = inside.float()
    return weights / weights.sum(dim=1, keepdim=True)
