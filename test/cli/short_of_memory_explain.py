"""csrnet-explain on a GPU whose memory does not suffice for its images."""

import sys

import torch

from csrnet_ros.cli.explain import main
from csrnet_ros.inference.score_cam import ScoreCam


def explain(*_, **__):
    """Find no room."""
    raise torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2.00 GiB')


ScoreCam.explain = explain
sys.exit(main())
