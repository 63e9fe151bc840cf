"""Data sets by name."""

from collections.abc import Callable
from pathlib import Path

from csrnet_ros.training.datasets.camvid import camvid
from csrnet_ros.training.datasets.camvid_original import (
    camvid_original_exact,
    camvid_original_segnet,
)
from csrnet_ros.training.datasets.cityscapes import cityscapes
from csrnet_ros.training.datasets.files import FileDataset, Watch
from csrnet_ros.training.datasets.yaml_folder import folder

DATASETS: dict[str, Callable[[Path, str], FileDataset]] = {
    'camvid': camvid,
    'camvid-original-segnet': camvid_original_segnet,
    'camvid-original-exact': camvid_original_exact,
    'cityscapes': cityscapes,
    'folder': folder,
}
"""How to open a data set: its root folder and the split's name in, the data set out."""

__all__ = [
    'DATASETS',
    'FileDataset',
    'Watch',
    'camvid',
    'camvid_original_exact',
    'camvid_original_segnet',
    'cityscapes',
    'folder',
]
