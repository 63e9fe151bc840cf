"""csrnet-segment: label images, folders of images and videos, without ROS.

An image NAME gives NAME_labels.png, whose pixels are class ids, and NAME_overlay.png; a video
gives NAME_overlay.mp4. A file of that name that was there before is replaced. Of inputs with the
same name, the later ones get a number. What cannot be read is named and left out, and the exit
status is then 1. Not noticed are damaged frames at the very end of a video whose file is as long
as it should be.
"""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.errors import CsrnetError, ImageError
from csrnet_ros.inference import SegmentationEngine, find_weights
from csrnet_ros.media.frames import FrameSource, Video, open_frames
from csrnet_ros.media.result_names import ResultNames
from csrnet_ros.media.saving import VideoFile, save_image
from csrnet_ros.model import VARIANTS

UNTIMED_RATE_HZ = 25.0
"""For a video that does not tell how fast it is."""


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-segment', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help='image, folder, or video')
    parser.add_argument('--weights', type=Path, help='checkpoint instead of the shipped one')
    parser.add_argument('--out', type=Path, required=True, help='folder for the results')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    return parser.parse_args()


@command
def main() -> int:
    """Label all inputs; return 1 if any of them could not be read."""
    args = parse()
    weights = args.weights or find_weights(next(iter(VARIANTS)))
    engine = SegmentationEngine.from_checkpoint(weights, device=args.device)
    args.out.mkdir(parents=True, exist_ok=True)
    with Labeller(engine, args.out) as labeller:
        labeller.label(args.inputs)
    return 1 if labeller.faults else 0


class Labeller:
    """Labels sources into a folder, under names of their own, with a progress bar.

    ``faults`` counts what could not be read.
    """

    def __init__(self, engine: SegmentationEngine, folder: Path) -> None:
        self.faults = 0
        self._engine = engine
        self._folder = folder
        self._names = ResultNames()
        self._bar = tqdm(desc='labelling', unit='frame')

    def __enter__(self) -> 'Labeller':
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def label(self, inputs: list[str]) -> None:
        """Label every input that can be read."""
        sources = [source for name in inputs if (source := self._open(name)) is not None]
        lengths = [source.length for source in sources]
        self._bar.reset(None if None in lengths else sum(filter(None, lengths)))
        for source in sources:
            try:
                if isinstance(source, Video):
                    self._label_video(source)
                else:
                    self._label_images(source)
            except ImageError as error:
                self._skip(error)

    def _open(self, name: str) -> FrameSource | None:
        try:
            return open_frames(name, webcams=False)
        except ImageError as error:
            self._skip(error)
            return None

    def _label_images(self, source: FrameSource) -> None:
        for frame in source.frames(unreadable=self._skip):
            try:
                segmentation = self._engine.segment(frame.image, overlay=True)
            except ImageError as error:
                self._skip(ImageError(f'{frame.origin}: {error}'))
                continue
            name = self._name(frame.name)
            save_image(self._folder / f'{name}_labels.png', segmentation.labels)
            assert segmentation.overlay is not None, 'it was asked for'
            save_image(self._folder / f'{name}_overlay.png', segmentation.overlay)
            self._bar.update()

    def _label_video(self, video: Video) -> None:
        path = self._folder / f'{self._name(video.path.stem)}_overlay.mp4'
        images = (frame.image for frame in video.frames(unreadable=self._skip))
        with VideoFile(path, rate_hz=video.rate_hz or UNTIMED_RATE_HZ) as file:
            try:
                for segmentation in self._engine.segment_stream(images, overlay=True):
                    assert segmentation.overlay is not None, 'it was asked for'
                    file.write(segmentation.overlay)
                    self._bar.update()
            except ImageError as error:
                raise ImageError(f'{video.path}: {error}') from error

    def _name(self, name: str) -> str:
        """Return what the results are called, and say so if it is another name."""
        free = self._names.take(name)
        if free != name:
            self._say(f'{name}: the name is taken, the results are called {free}')
        return free

    def _skip(self, error: CsrnetError) -> None:
        self.faults += 1
        self._say(f'skipped: {error}')

    def _say(self, text: str) -> None:
        self._bar.write(text, file=sys.stderr)


if __name__ == '__main__':
    sys.exit(main())
