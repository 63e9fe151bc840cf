"""Where images come from: a file, a folder, a video or a webcam, all read in the same way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from csrnet_ros.errors import ImageError
from csrnet_ros.media.compressed import decode
from csrnet_ros.media.containers import broken_at

IMAGE_SUFFIXES = frozenset(
    ('.bmp', '.jpeg', '.jpg', '.pgm', '.png', '.ppm', '.tif', '.tiff', '.webp')
)

MOST_LOST = 1000
"""After so many frames in a row that cannot be read, a video is at its end."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of a source: RGB uint8 (H, W, 3), and a name that tells it from its siblings.

    :param origin: the file or camera that it is from, as messages name it
    """

    name: str
    image: np.ndarray
    origin: str


class FrameSource(Protocol):
    """Images in an order, to be read once or several times."""

    @property
    def length(self) -> int | None:
        """How many frames there are, as far as the source says; None if it has no end."""

    @property
    def rate_hz(self) -> float | None:
        """How many frames belong to a second; None for images that know no time."""

    @property
    def live(self) -> bool:
        """Whether the frames come in their own time, wanted or not."""

    def frames(self, *, unreadable: Callable[[ImageError], None]) -> Iterator[Frame]:
        """Yield frame after frame; one that cannot be read is given to ``unreadable`` instead.

        :raises ImageError: if the source as a whole cannot be read
        """


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """Image files, in the order given. A frame is called after its file, without the suffix."""

    paths: tuple[Path, ...]
    rate_hz: None = None
    live: bool = False

    @property
    def length(self) -> int:
        return len(self.paths)

    def frames(self, *, unreadable: Callable[[ImageError], None]) -> Iterator[Frame]:
        for path in self.paths:
            try:
                image = read_image(path)
            except ImageError as error:
                unreadable(error)
            else:
                yield Frame(path.stem, image, str(path))


@dataclass(frozen=True, slots=True)
class Video:
    """A video file. Its frames are called after the file and their number, from 0.

    Behind frames that cannot be read it goes on. Frames missing at its end, or without a trace,
    are told of MP4, AVI, Matroska and WebM, as far as the order of their parts shows it. Where
    that is whole, frames at the end that cannot be read are not told from the end itself.
    """

    path: Path
    length: int | None
    rate_hz: float | None
    live: bool = False

    def frames(self, *, unreadable: Callable[[ImageError], None]) -> Iterator[Frame]:
        capture = _open_video(self.path)
        try:
            number = 0
            for lost, image in _found(capture):
                if lost:
                    unreadable(_gap(self.path, number, lost))
                number += lost
                yield Frame(f'{self.path.stem}_{number:06d}', image, str(self.path))
                number += 1
        finally:
            capture.release()
        if (at := broken_at(self.path)) is not None:
            unreadable(
                ImageError(
                    f'{self.path}: damaged or cut off, from the part of the file that begins at '
                    f'byte {at} on; frames may be missing'
                )
            )


@dataclass(frozen=True, slots=True)
class Webcam:
    """A camera of this machine, by the number that the system gives it."""

    number: int
    length: None = None
    rate_hz: None = None
    live: bool = True

    def frames(self, *, unreadable: Callable[[ImageError], None]) -> Iterator[Frame]:
        capture = cv2.VideoCapture(self.number)
        try:
            if not capture.isOpened():
                raise ImageError(
                    f'no webcam {self.number} can be opened; check its number (0 is the first), '
                    'and that no other program uses it'
                )
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # a frame that waits is a frame too old
            for number, image in enumerate(_captured(capture)):
                yield Frame(f'webcam{self.number}_{number:06d}', image, f'webcam {self.number}')
            raise ImageError(f'webcam {self.number} gives no more images; was it unplugged?')
        finally:
            capture.release()


def open_frames(source: str, *, webcams: bool = True) -> FrameSource:
    """Return the frames of ``source``: an image, a folder of images, a video, or a webcam number.

    A folder gives the images that lie directly in it, sorted by name.

    :param webcams: whether a number may be one, whose frames have no end
    :raises ImageError: if there is nothing there that could hold an image, or it may not be read
    """
    path = Path(source)
    try:
        if path.is_dir():
            return ImageFiles(_images_in(path))
        if path.is_file():
            return ImageFiles((path,)) if _is_image(path) else _find_video(path)
    except OSError as error:
        raise ImageError(f'{source}: cannot be read ({error.strerror})') from error
    if webcams and source.isdecimal():
        return Webcam(int(source))
    choice = 'a video, or a webcam by its number' if webcams else 'or a video'
    raise ImageError(f'{source}: no such file; name an image, a folder of images, {choice}')


def read_image(path: Path) -> np.ndarray:
    """Return an image file as RGB uint8 (H, W, 3), turned upright where it says how.

    :raises ImageError: if there is no such file, or it is not a whole image
    """
    try:
        if path.is_dir():
            raise ImageError(f'{path}: a folder; name image files')
        if not path.is_file():
            raise ImageError(f'{path}: no such file')
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
        image = decode(encoded, cv2.IMREAD_COLOR)
    except OSError as error:
        raise ImageError(f'{path}: not a readable image ({error.strerror})') from error
    except cv2.error as error:
        raise ImageError(f'{path}: not a readable image ({error.err})') from error
    if image is None:
        raise ImageError(f'{path}: not a readable image; look at it, or take it away')
    return image


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _images_in(folder: Path) -> tuple[Path, ...]:
    paths = tuple(sorted(path for path in folder.iterdir() if path.is_file() and _is_image(path)))
    if not paths:
        raise ImageError(
            f'{folder}: no images in this folder; it needs files that end in '
            f'{", ".join(sorted(IMAGE_SUFFIXES))}'
        )
    return paths


def _find_video(path: Path) -> Video:
    capture = _open_video(path)
    try:
        length = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        rate_hz = capture.get(cv2.CAP_PROP_FPS)
        if next(_found(capture), None) is None:
            raise _no_video(path)
    finally:
        capture.release()
    return Video(path, length if length > 0 else None, rate_hz if rate_hz > 0 else None)


def _open_video(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise _no_video(path)
    return capture


def _no_video(path: Path) -> ImageError:
    return ImageError(
        f'{path}: neither an image nor a video that can be read; check that it is whole, or '
        'convert it to MP4'
    )


def _gap(path: Path, first: int, lost: int) -> ImageError:
    last = first + lost - 1
    which = f'frame {first}' if lost == 1 else f'frames {first} to {last}'
    return ImageError(f'{path}: {which} cannot be read; the file is damaged')


def _found(capture: cv2.VideoCapture) -> Iterator[tuple[int, np.ndarray]]:
    """Yield how many frames in a row could not be read, and the one behind them that can be."""
    lost = 0
    while lost < MOST_LOST:
        there, image = capture.read()
        if there:
            yield lost, cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            lost = 0
        else:
            lost += 1


def _captured(capture: cv2.VideoCapture) -> Iterator[np.ndarray]:
    while True:
        there, image = capture.read()
        if not there:
            return
        yield cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
