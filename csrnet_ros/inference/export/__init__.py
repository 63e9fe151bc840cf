"""Trained networks as files for other programs: each is run and compared before it is kept."""

import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from torch import Tensor

from csrnet_ros.errors import ExportError, MissingPackageError
from csrnet_ros.inference.export.formats import FORMATS, Export
from csrnet_ros.inference.export.reference import Reference
from csrnet_ros.media.saving import prove_target
from csrnet_ros.model import Checkpoint

__all__ = ['FORMATS', 'Export', 'Run', 'export_network']

logger = logging.getLogger(__name__)

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Trial:
    """How a file did on images.

    :param agreement: share of the pixels whose label is that of PyTorch in float32
    :param pixels: how many were compared
    """

    agreement: float
    pixels: int


def export_network(
    checkpoint: Checkpoint, export: Export, out: Path, *, images: Sequence[np.ndarray]
) -> Trial:
    """Write a network to ``out``, once it has labelled images as PyTorch in float32 does.

    Until then nothing is at ``out`` but what was there before.

    :param images: RGB uint8 (H, W, 3), of the export's size
    :raises ExportError: if it cannot be made, or its labels differ by more than the format allows
    :raises MissingPackageError: if the format needs a package that is not installed
    :raises OSError: if it cannot be written
    """
    row = FORMATS[export.format]
    if out.suffix != row.suffix:
        raise ExportError(f'{out}: a file of format {export.format} ends in {row.suffix}')
    prove_target(out)
    missing = [package for module, package in row.packages.items() if find_spec(module) is None]
    if missing:
        raise MissingPackageError(f'{export.format} needs more: pip install {" ".join(missing)}')
    with tempfile.TemporaryDirectory(dir=out.parent, prefix='.export-') as temporary:
        path = Path(temporary) / out.name
        logger.info('writing %s', row.title)
        row.write(checkpoint, export, path)
        logger.info('running it')
        trial = compare(row.load(path, export), Reference(checkpoint), export, images)
        if trial.agreement < row.least_agreement:
            raise ExportError(
                f'the {row.title} gives {100 * trial.agreement:.3f} % of the pixels the label '
                f'that PyTorch gives them, and {100 * row.least_agreement:g} % are the least; '
                f'nothing was written{row.advice}'
            )
        # The file that the others belong to comes last.
        for file in sorted(Path(temporary).iterdir(), key=lambda file: file.name == out.name):
            os.replace(file, out.with_name(file.name))
    row.keep(checkpoint, export, out)
    return trial


def compare(run: Run, reference: Reference, export: Export, images: Sequence[np.ndarray]) -> Trial:
    """Return how the labels of ``run`` agree with those of the reference."""
    same = pixels = 0
    for image in images:
        found = reference.labels_of(run(reference.input_of(image, export)), image, export)
        same += int((found == reference.labels(image)).sum())
        pixels += found.size
    return Trial(same / pixels, pixels)
