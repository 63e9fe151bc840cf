"""The networks by name, each with the weights that come with the package, or with random ones."""

import torch

from csrnet_ros.errors import CheckpointError
from csrnet_ros.inference import find_weights
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import Checkpoint, CSRNet, find_config, load_checkpoint

GRAY = (127.5, 127.5, 127.5)


def load_network(name: str) -> Checkpoint:
    """Return the network ``name`` of the paper; its speed does not depend on its weights.

    :raises ValueError: if there is no such network
    """
    config = find_config(name)
    try:
        weights = find_weights(name)
    except CheckpointError:
        torch.manual_seed(0)
        network = CSRNet(config, num_classes=len(CAMVID))
        return Checkpoint(config, CAMVID, mean=GRAY, std=GRAY, weights=network.state_dict())
    return load_checkpoint(weights)
