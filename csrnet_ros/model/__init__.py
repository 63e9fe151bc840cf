"""The network: configurations, modules and checkpoints."""

from csrnet_ros.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from csrnet_ros.model.config import ABLATIONS, CONFIGS, VARIANTS, CSRNetConfig, find_config
from csrnet_ros.model.csrnet import MIN_SIDE_PX, CSRNet

__all__ = [
    'ABLATIONS',
    'CONFIGS',
    'MIN_SIDE_PX',
    'VARIANTS',
    'CSRNet',
    'CSRNetConfig',
    'Checkpoint',
    'find_config',
    'load_checkpoint',
    'save_checkpoint',
]
