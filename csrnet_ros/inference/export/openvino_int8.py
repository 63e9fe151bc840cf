"""OpenVINO in 8 bits, calibrated after training by NNCF on images of the user's."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from csrnet_ros.errors import ExportError
from csrnet_ros.extras import load_extra
from csrnet_ros.inference.builds import keep_build
from csrnet_ros.inference.convert import to_openvino
from csrnet_ros.inference.export.formats import Export
from csrnet_ros.inference.export.openvino import load, save
from csrnet_ros.inference.export.reference import Reference
from csrnet_ros.model import Checkpoint

if TYPE_CHECKING:
    import openvino

__all__ = ['keep', 'load', 'write']


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Write a network in 8 bits.

    :raises ExportError: if there are no images to calibrate it with
    """
    if not export.calibration:
        raise ExportError('8 bits are chosen by images: name a folder of them with --calibrate')
    save(quantised(checkpoint, export), checkpoint, path)


def keep(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Copy a network for images of any size, without IO, for the backend ``openvino-int8``."""
    from csrnet_ros.inference.backends.openvino import FILE, int8_key

    def copy(folder: Path) -> None:
        for suffix in ('.xml', '.bin'):
            shutil.copyfile(path.with_suffix(suffix), (folder / FILE).with_suffix(suffix))

    if export.size is None and not export.with_io:
        keep_build(int8_key(checkpoint), copy, what='OpenVINO in 8 bits')


def quantised(checkpoint: Checkpoint, export: Export) -> 'openvino.Model':
    """Return a network whose convolutions compute in 8 bits, where NNCF thinks they can."""
    nncf = load_extra('nncf', package='nncf')
    nncf.set_log_level(logging.ERROR)
    reference = Reference(checkpoint)

    def input_of(image: np.ndarray) -> np.ndarray:
        return reference.input_of(image, export).numpy()

    return nncf.quantize(
        to_openvino(export.network(checkpoint), export.shape),
        nncf.Dataset(export.calibration, input_of),
        # After ReLU values have one sign, after the SPFM and the SRMs' products both.
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(export.calibration),
    )
