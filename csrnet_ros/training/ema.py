"""An exponential moving average of a network's weights."""

from typing import Any

import torch
from torch import Tensor, nn


class WeightAverage:
    """The average over the steps of a network's parameters and BatchNorm statistics.

    While there are few steps, it reaches back over a share of them only, so that the weights that
    the run began with are soon forgotten. Counters are not averaged but kept as they are.

    :param decay: what remains of the average after a step, 0 to below 1
    """

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.weights = {
            name: value.detach().clone() for name, value in network.state_dict().items()
        }
        """The average, as a ``state_dict`` of the network."""

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the network's weights after a step."""
        self.steps += 1
        decay = min(self.decay, self.steps / (self.steps + 9))
        values = network.state_dict()
        averaged = [name for name, value in values.items() if value.is_floating_point()]
        counters = [name for name, value in values.items() if not value.is_floating_point()]
        # One launch for all: a small network's step is too short for one per tensor.
        torch._foreach_lerp_(
            [self.weights[name] for name in averaged],
            [values[name] for name in averaged],
            1 - decay,
        )
        torch._foreach_copy_(
            [self.weights[name] for name in counters], [values[name] for name in counters]
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what a run needs to go on."""
        return {'steps': self.steps, 'weights': dict(self.weights)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` returned, for the same network.

        :raises ValueError: if it is another network's
        """
        weights: dict[str, Tensor] = state['weights']
        if weights.keys() != self.weights.keys():
            raise ValueError('the average in the saved state is that of another network')
        for name, value in weights.items():
            self.weights[name].copy_(value)
        self.steps = state['steps']
