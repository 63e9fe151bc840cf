"""OpenVINO in 8 bits, calibrated after training by NNCF on images of the user's."""

import logging
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

__all__ = ['load', 'write']


def write(checkpoint: Checkpoint, export: Export, path: Path) -> None:
    """Write a network in 8 bits.

    One for images of any size, without IO, is also kept for the backend ``openvino-int8``.

    :raises ExportError: if there are no images to calibrate it with
    """
    from csrnet_ros.inference.backends.openvino import FILE, int8_key

    if not export.calibration:
        raise ExportError('8 bits are chosen by images: name a folder of them with --calibrate')
    model = quantised(checkpoint, export)
    save(model, checkpoint, path)
    if export.size is None and not export.with_io:
        keep_build(
            int8_key(checkpoint),
            lambda folder: save(model, checkpoint, folder / FILE),
            what='OpenVINO in 8 bits',
        )


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
