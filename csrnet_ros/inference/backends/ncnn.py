"""ncnn, on CPUs: one converted network for every size.

Its 3x3 convolutions multiply less than half as often as the direct ones of the other runtimes:
A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016.
"""

from math import ceil
from pathlib import Path

import ncnn
import numpy as np
import pnnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from csrnet_ros.inference.builds import build_folder, build_key
from csrnet_ros.inference.convert import NCNN_FILES, to_ncnn
from csrnet_ros.inference.deploy import fold_batch_norm, replace_modules
from csrnet_ros.model import Checkpoint
from csrnet_ros.model.spfm import GRIDS, GridPool, grid_size
from csrnet_ros.model.srm import Attention

NOT_FLOAT32 = ('use_fp16_packed', 'use_fp16_storage', 'use_fp16_arithmetic', 'use_bf16_storage')
"""Options of ncnn that save bits."""

TYPE, ADAPTIVE, COLUMNS, ROWS = 0, 7, 8, 18
"""Parameters of ncnn's layer Pooling, by their numbers."""

AVERAGE = 1


class NcnnNetwork:
    """A network that ``to_ncnn`` has written, in float32.

    :param threads: CPU threads to use; 0 for as many as PyTorch does
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        self.net = ncnn.Net()
        self.net.opt.num_threads = threads or torch.get_num_threads()
        for option in NOT_FLOAT32:
            setattr(self.net.opt, option, False)
        param, weights = (str(folder / name) for name in NCNN_FILES)
        if self.net.load_param(param) or self.net.load_model(weights):
            raise RuntimeError('ncnn cannot load what pnnx has written')

    def __call__(self, x: Tensor) -> Tensor:
        """Return the output for x (N, C, H, W), the images one after the other."""
        return torch.from_numpy(np.stack([self._one(image) for image in x.numpy()]))

    def _one(self, image: np.ndarray) -> np.ndarray:
        extractor = self.net.create_extractor()
        extractor.input('in0', ncnn.Mat(image))
        status, found = extractor.extract('out0')
        if status:
            raise RuntimeError(f'ncnn ends with status {status}')
        return np.asarray(found)


class NcnnBackend:
    """The network by ncnn, in float32; several images one after the other.

    :param threads: CPU threads to use; 0 for as many as PyTorch does
    """

    memory_format = torch.contiguous_format

    def __init__(self, checkpoint: Checkpoint, *, threads: int) -> None:
        config = checkpoint.config
        self._strides = [2 * strides[0] for strides in config.stages] if config.spfm else []
        self._network = load_or_convert(checkpoint, threads=threads)
        # The first is the backbone's; those of the SPFMs follow.
        layers = self._network.net.layers()
        _, *self._pools = (layer for layer in layers if layer.type == 'Pooling')

    def logits(self, x: Tensor) -> Tensor:
        """Return the logits of x (N, 3, H, W)."""
        self._set_grids(x.shape[-2], x.shape[-1])
        return self._network(x)

    def _set_grids(self, height: int, width: int) -> None:
        """Set the pooling grids of the SPFMs, whose columns follow the shape of their maps."""
        grids = (
            grid_size(rows, ceil(height / stride), ceil(width / stride))
            for stride in self._strides
            for rows in GRIDS
        )
        for pool, (rows, columns) in zip(self._pools, grids, strict=True):
            parameters = ncnn.ParamDict()
            for number, value in (
                (TYPE, AVERAGE),
                (ADAPTIVE, 1),
                (COLUMNS, columns),
                (ROWS, rows),
            ):
                parameters.set(number, value)
            pool.load_param(parameters)


class Logits(nn.Module):
    """A network's logits at stride 4 in what pnnx can translate, for one image of any size.

    The columns of its pooling grids are not the true ones.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.network = fold_batch_norm(checkpoint.build())
        replace_modules(self.network, GridPool, lambda _: SquarePool())
        replace_modules(self.network, Attention, SigmoidAttention)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (1, classes, H/4, W/4) of a normalised image x (1, 3, H, W)."""
        return self.network.logits(x)


class SquarePool(nn.Module):
    """Holds the place of a ``GridPool``, with as many columns as rows."""

    def forward(self, x: Tensor, rows: int) -> Tensor:
        """Return averages (N, C, rows, rows) over the cells of a map."""
        return functional.adaptive_avg_pool2d(x, rows)


class SigmoidAttention(nn.Module):
    """An SRM's attention without an axis for its two maps, BatchNorm folded.

    Of two numbers, softmax is the sigmoid of their difference, and what is left to 1.
    """

    def __init__(self, attention: Attention) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Return the weighted sum (N, c, H, W) of both maps, as ``Attention`` does."""
        s = self.attention.relu(self.attention.descriptor((high + low).mean(dim=(2, 3))))
        advantage = self.attention.to_high(s) - self.attention.to_low(s)
        for_high = advantage.sigmoid()[..., None, None]
        return for_high * high + (1 - for_high) * low


def load_or_convert(checkpoint: Checkpoint, *, threads: int) -> NcnnNetwork:
    """Return the converted network, from the disk if it is there."""

    def build(folder: Path) -> None:
        to_ncnn(Logits(checkpoint), folder, (1, 3, 96, 160), (1, 3, 160, 224))

    key = build_key(checkpoint, 'ncnn', pnnx.__version__, Path(__file__).read_text())
    with build_folder(key, build, what='ncnn') as folder:
        return NcnnNetwork(folder, threads=threads)
