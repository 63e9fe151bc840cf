"""Auxiliary heads: classifiers on the early stages' maps, which help training and are dropped."""

from torch import Tensor, nn

from csrnet_ros.model import CSRNet
from csrnet_ros.model.csrnet import initialise
from csrnet_ros.model.layers import resize_bilinear


class AuxiliaryHeads(nn.Module):
    """A network with one more head on what each stage but the last has refined.

    The heads are those with which the networks #1 and #2 of Table 3 end. They are no part of the
    network: its ``state_dict`` has the same keys as without them.

    :param network: the network to train, in place
    """

    def __init__(self, network: CSRNet) -> None:
        super().__init__()
        self.network = network
        self.heads = nn.ModuleList(
            nn.Conv2d(network.config.channels, network.num_classes, kernel_size=1)
            for _ in network.config.stages[:-1]
        )
        self.heads.apply(initialise)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the network's logits for x (N, 3, H, W) and, in training, those of each head.

        All are (N, num_classes, H, W).

        :raises ValueError: as the network does
        """
        if not self.training:
            return (self.network(x),)
        *early, logits = self._logits(x)
        return tuple(resize_bilinear(y, (x.shape[-2], x.shape[-1])) for y in (logits, *early))

    def _logits(self, x: Tensor) -> list[Tensor]:
        """Return the logits of all heads, first stage to last, each at its stride."""
        maps, logits = self.network.features(x), []
        heads = (*self.heads, self.network.classify)
        for stage, head, strides in zip(self.network.stages, heads, self.network.config.stages):
            maps = stage(maps)
            logits.append(head(maps[strides[-1]]))
        return logits
