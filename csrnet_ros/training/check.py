"""Checks a whole data set before anything is trained or measured on it.

What has been found in order is remembered by path, size and time of change in the user's cache
folder, so that the next check of the same files takes no time.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from csrnet_ros.errors import DatasetError
from csrnet_ros.model import MIN_SIDE_PX
from csrnet_ros.training.datasets.files import FileDataset, Pair, Watch, size_fault
from csrnet_ros.training.datasets.masks import UNREADABLE, MaskCode
from csrnet_ros.training.datasets.wrong_ids import explain
from csrnet_ros.training.sizes import odd_sizes
from csrnet_ros.user_cache import user_cache
from csrnet_ros.whole_file import write_whole

FORMAT = 1
ORIENTATION = 0x0112  # the EXIF tag, which Pillow before 9.4 has no name for
LYING = (5, 6, 7, 8)
"""Orientations of an image that a viewer turns by 90 degrees."""

SHOWN = 20
"""Faults that a message names; the others are in a file."""

Read = TypeVar('Read')


@dataclass(frozen=True, slots=True)
class Finding:
    """What is in a pair of files: the values of its labels, ascending, and what is wrong."""

    values: tuple[int, ...]
    faults: tuple[str, ...]


def check_dataset(data: FileDataset, *, one_size: bool = False, watch: Watch = iter) -> set[int]:
    """Make sure that all files of a data set can be used.

    Images and labels must be whole, of equal size and large enough, and the labels' values known.

    :param one_size: the images must have one size among them, too
    :param watch: passes the indices of the pairs to look into through while it shows their
        progress; it is not called if all are remembered
    :return: the values of all labels together
    :raises DatasetError: naming every fault, and what the labels might be if their ids are wrong
    """
    memory = Memory(data)
    findings = [memory.recall(index) for index in range(len(data))]
    new = [index for index, finding in enumerate(findings) if finding is None]
    with ThreadPoolExecutor() as pool:
        inspected = pool.map(lambda index: inspect(data.pairs[index], data.code), new)
        for index, finding in zip(watch(new) if new else (), inspected):
            findings[index] = finding
    known = [finding for finding in findings if finding is not None]
    memory.keep(known)
    faults = [fault for finding in known for fault in finding.faults]
    if one_size:
        sound = [index for index, finding in enumerate(known) if not finding.faults]
        faults += odd_sizes(data, sound)
    values = {value for finding in known for value in finding.values}
    hints = explain(data, values)
    if faults or hints:
        raise DatasetError(_message(data, faults, hints, memory.faults_path))
    return values


def inspect(pair: Pair, code: MaskCode) -> Finding:
    """Return what is in a pair of files, each read whole."""
    faults: list[str] = []
    image = _attempt(lambda: _image_size(pair), faults)
    mask = _attempt(lambda: code.read(pair.label), faults)
    if image is not None and min(image) < MIN_SIDE_PX:
        faults.append(
            f'{pair.image}: {image[0]}x{image[1]} pixels; both sides must have at least '
            f'{MIN_SIDE_PX}'
        )
    if mask is None:
        return Finding((), tuple(faults))
    if image is not None and image != mask.shape:
        faults.append(size_fault(pair, image, mask.shape))
    values = np.unique(mask).tolist()
    if unknown := code.unknown(values):
        faults.append(f'{pair.label}: {code.describe(unknown)} stand for no class, nor for void')
    return Finding(tuple(values), tuple(faults))


class Memory:
    """Remembers the pairs of a data set that were in order, until their files change.

    ``faults_path`` is where a list of faults too long to show goes.
    """

    def __init__(self, data: FileDataset) -> None:
        cache = user_cache()
        files = [str(path.absolute()) for pair in data.pairs for path in (pair.image, pair.label)]
        text = json.dumps([FORMAT, sorted(data.code.classes.items()), data.code.color, files])
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.faults_path = cache / f'faults-{key}.txt'
        self._path = cache / f'checked-{key}.json'
        self._values: dict[str, list[int]] = {}
        # Taken before anything is read, so that a file that changes meanwhile is read again.
        self._stamps = [_stamp(pair) for pair in data.pairs]
        # What cannot be read, or is not what was written, is the same as nothing.
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._values = dict(json.loads(self._path.read_text()))

    def recall(self, index: int) -> Finding | None:
        """Return what was found in a pair if its files are the same as then."""
        values = self._values.get(self._stamps[index])
        return None if values is None else Finding(tuple(values), ())

    def keep(self, findings: list[Finding]) -> None:
        """Write down which pairs are in order; where that cannot be, they are checked again."""
        sound = {
            stamp: finding.values
            for stamp, finding in zip(self._stamps, findings, strict=True)
            if not finding.faults
        }
        if sound.keys() == self._values.keys():
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, json.dumps(sound).encode())


def _stamp(pair: Pair) -> str:
    """Return what changes when a file of the pair does; for a missing one, what no pair has."""
    try:
        stats = [path.stat() for path in (pair.image, pair.label)]
    except OSError:
        return ''
    times = [f'{stat.st_size} {stat.st_mtime_ns}' for stat in stats]
    return f'{pair.image.absolute()} {times[0]} {pair.label.absolute()} {times[1]}'


def _attempt(read: Callable[[], Read], faults: list[str]) -> Read | None:
    try:
        return read()
    except DatasetError as error:
        faults.append(str(error))
        return None


def _image_size(pair: Pair) -> tuple[int, int]:
    """Return height and width of the image as it is to be seen, having read all of it.

    Pillow tells more of what is wrong than OpenCV does.
    """
    try:
        with Image.open(pair.image) as image:
            image.load()
            return _upright(image)
    except FileNotFoundError as error:
        raise DatasetError(
            f'{pair.image}: no such file, nor one with another ending; its labels are {pair.label}'
        ) from error
    except UNREADABLE as error:
        raise DatasetError(f'{pair.image}: not a whole image ({error})') from error


def _upright(image: Image.Image) -> tuple[int, int]:
    """Return height and width of an image as it is to be seen: as cameras note it, if readable."""
    orientation = None
    with contextlib.suppress(Exception):  # what is damaged fails in any way that its bytes spell
        orientation = image.getexif().get(ORIENTATION)
    return image.size if orientation in LYING else image.size[::-1]


def _message(data: FileDataset, faults: list[str], hints: list[str], path: Path) -> str:
    count = f'{len(faults)} fault{"s" if len(faults) > 1 else ""}' if faults else 'wrong ids'
    shown = faults
    rest = []
    if len(faults) > SHOWN:
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('\n'.join(faults) + '\n')
            shown = faults[:SHOWN]
            rest = [f'and {len(faults) - SHOWN} more; all of them are listed in {path}']
    lines = [f'{data.name}: {count} in {len(data)} pairs of images and labels', *shown, *rest]
    return '\n  '.join(lines) + ''.join(f'\n{hint}' for hint in hints)
