"""Images and videos to disk; a file is there whole, or not at all."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from csrnet_ros.whole_file import write_whole


def prove_writable(folder: Path) -> None:
    """Make a folder unless it is there, before work whose results it shall hold.

    :raises OSError: if no file can be made in it
    """
    with suppress(FileExistsError):  # if it is no folder, the next step fails
        folder.mkdir(parents=True)
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def prove_target(path: Path) -> None:
    """Make the folder of a file unless it is there, before work whose results the file shall hold.

    :raises OSError: if the file cannot be made, or is a folder
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    prove_writable(path.parent)


def save_image(path: Path, image: np.ndarray) -> None:
    """Write RGB uint8 (H, W, 3) or single-channel uint8 (H, W) in the format of the suffix.

    :raises OSError: if the file cannot be written
    """
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    _, encoded = cv2.imencode(path.suffix, pixels)
    write_whole(path, encoded.tobytes())


class VideoFile:
    """An MP4 file that appears under its name when the ``with`` block ends without an error.

    :param path: ends in .mp4
    :param rate_hz: frames per second
    """

    def __init__(self, path: Path, *, rate_hz: float) -> None:
        self.path = path
        self.frames = 0
        self._rate_hz = rate_hz
        self._partial = path.with_name(f'{path.stem}.partial{path.suffix}')
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> 'VideoFile':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is None:
            return
        self._writer.release()
        try:
            if kind is None:
                self._check()
                self._partial.replace(self.path)
        finally:
            self._partial.unlink(missing_ok=True)

    def write(self, image: np.ndarray) -> None:
        """Append RGB uint8 (H, W, 3), of the same size as all before.

        :raises OSError: if the file cannot be written
        """
        if self._writer is None:
            self._writer = self._open(image)
        self._writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self.frames += 1

    def _open(self, image: np.ndarray) -> cv2.VideoWriter:
        height_px, width_px = image.shape[:2]
        codec = cv2.VideoWriter.fourcc(*'mp4v')
        writer = cv2.VideoWriter(str(self._partial), codec, self._rate_hz, (width_px, height_px))
        if not writer.isOpened():
            raise OSError(
                f'{self.path}: no video of {width_px}x{height_px} pixels can be written there; '
                'check that the folder can be written to'
            )
        return writer

    def _check(self) -> None:
        """Read the file's own count of frames, since the writer does not tell of failures."""
        written = cv2.VideoCapture(str(self._partial)).get(cv2.CAP_PROP_FRAME_COUNT)
        if written != self.frames:
            raise OSError(
                f'{self.path}: only {written:.0f} of {self.frames} frames were written; check '
                'that the disk is not full'
            )
