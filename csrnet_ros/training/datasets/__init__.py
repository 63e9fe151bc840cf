"""Data sets by name."""

from collections.abc import Callable
from pathlib import Path

from csrnet_ros.training.datasets.camvid import camvid
from csrnet_ros.training.datasets.files import FileDataset

DATASETS: dict[str, Callable[[Path, str], FileDataset]] = {'camvid': camvid}
"""How to open a data set: its root folder and the split's name in, the data set out."""

__all__ = ['DATASETS', 'FileDataset', 'camvid']
