"""csrnet-bag: label every frame of a recorded bag, without a running ROS.

The images of the bag (sensor_msgs Image and CompressedImage) come out as a bag of the same kind:
on /csrnet/label, /csrnet/overlay and so on, or, where several topics hold images, on
/csrnet/<topic>/label. No frame is dropped, and headers and times are those of the images. When it
was interrupted, the same command goes on.
"""

import argparse
import re
import signal
import sys
from pathlib import Path

from rosbags.rosbag2 import StoragePlugin
from tqdm import tqdm

from csrnet_ros.cli.bag_parts import PartFolder
from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.interruption import Interruption
from csrnet_ros.errors import BagError, ImageError
from csrnet_ros.inference import SegmentationEngine, find_weights
from csrnet_ros.inference.outputs import OUTPUTS
from csrnet_ros.media.bags import IMAGE_TYPES, Bag, BagMessage, ImageCodec
from csrnet_ros.model import VARIANTS

NAMESPACE = '/csrnet'
"""Of the topics that are written, as a node without a namespace has them."""


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-bag', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('input', type=Path, metavar='IN', help='the bag, or a file of it')
    parser.add_argument('out', type=Path, metavar='OUT', help='the bag to write')
    parser.add_argument(
        '--topics',
        nargs='+',
        metavar='TOPIC',
        help='what to label (default: all image topics but those of a node, /csrnet/...)',
    )
    parser.add_argument(
        '--outputs',
        type=_outputs,
        default='label',
        metavar='NAMES',
        help=f'what to write, of {",".join(OUTPUTS)}',
    )
    parser.add_argument(
        '--keep-topics',
        action='store_true',
        help='also write all that the bag holds, but for older outputs of the same names',
    )
    parser.add_argument('--weights', type=Path, help='checkpoint instead of the shipped one')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    return parser.parse_args()


def _outputs(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(',')))
    if unknown := [name for name in names if name not in OUTPUTS]:
        raise argparse.ArgumentTypeError(f'{unknown[0]!r} is not one of {", ".join(OUTPUTS)}')
    return names


@command
def main() -> int:
    """Label the bag; return 1 if any of it could not be read, 128 and the signal that ended it."""
    args = parse()
    if args.out.exists():
        raise BagError(f'{args.out} exists already; name another one, or remove it')
    weights = args.weights or find_weights(next(iter(VARIANTS)))
    bag = Bag(args.input)
    if bag.storage is StoragePlugin.SQLITE3:
        check_name(args.out)
    with bag:
        topics = choose_topics(bag, args.topics)
        engine = SegmentationEngine.from_checkpoint(weights, device=args.device)
        parts = PartFolder(args.out, job=describe(args, weights, topics), storage=bag.storage)
        labeller = BagLabeller(engine, outputs=args.outputs, topics=topics, codec=parts.codec)
        if stopped := label(bag, labeller, parts, topics):
            print(f'{parts.frames} frames are kept; the same command goes on', file=sys.stderr)
            return 128 + stopped
        others = {c.topic for c in bag.connections} if args.keep_topics else set()
        others -= labeller.output_topics
        parts.join(bag.messages(others))
        losses = dict.fromkeys(bag.losses)  # each once, though the bag may be read twice
    for loss in losses:
        print(loss, file=sys.stderr)
    labelled = parts.frames - parts.skipped
    print(f'{args.out}: {labelled} frames labelled, {parts.skipped} unreadable')
    return 1 if parts.skipped or losses else 0


def check_name(out: Path) -> None:
    """Refuse to write where sqlite would write elsewhere, as ``rosbags`` names files in a URI.

    :raises BagError: if its path has a sign that means something there
    """
    if found := re.search('[#?]|%[0-9a-fA-F]{2}', str(out)):
        raise BagError(f'{out} holds {found[0]!r}, with which no sqlite3 bag can be written')


def choose_topics(bag: Bag, wanted: list[str] | None) -> list[str]:
    """Return the topics to label; BagError says what there is if they are not there."""
    images = bag.image_topics
    found = images if wanted else [one for one in images if not one.startswith(f'{NAMESPACE}/')]
    missing = [topic for topic in wanted or () if topic not in found]
    if missing or not found:
        what = f'no images on {missing[0]}' if missing else 'no images'
        held = ', '.join(found) or ', '.join(sorted({c.topic for c in bag.connections}))
        lines = [f'{bag.path} holds {what}; its topics are {held or "none"}', *bag.losses]
        raise BagError('; '.join(lines))
    return list(dict.fromkeys(wanted or found))


def describe(args: argparse.Namespace, weights: Path, topics: list[str]) -> dict[str, object]:
    """Return what must be the same for an interrupted job to go on."""
    files = [args.input] if args.input.is_file() else sorted(args.input.iterdir())
    found = {file.name: file.stat() for file in files if file.is_file()}
    return {
        'bag': str(args.input.resolve()),
        'files of the bag': {name: [one.st_size, one.st_mtime_ns] for name, one in found.items()},
        'weights': str(weights.resolve()),
        'weights changed': weights.stat().st_mtime,
        'topics': topics,
        'outputs': list(args.outputs),
    }


def label(
    bag: Bag, labeller: 'BagLabeller', parts: PartFolder, topics: list[str]
) -> signal.Signals | None:
    """Label what is not yet labelled, with a progress bar; return the signal that ended it."""
    done = parts.frames
    with (
        Interruption() as interruption,
        parts,
        tqdm(desc='labelling', unit='frame', total=bag.count(topics), initial=done) as bar,
    ):
        # A topic may have messages of other types as well.
        images = (m for m in bag.messages(topics) if m.connection.msgtype in IMAGE_TYPES)
        for number, message in enumerate(images):
            if interruption:
                break
            if number < done:
                continue
            try:
                parts.write(labeller.outputs_of(message))
            except ImageError as error:
                bar.write(f'{message.topic} at {message.time_ns} ns: {error}', file=sys.stderr)
                parts.skip()
            bar.update()
    return interruption.signal


class BagLabeller:
    """Makes of an image message those to write.

    :param topics: the topics that are labelled; several get output topics of their own each
    """

    def __init__(
        self,
        engine: SegmentationEngine,
        *,
        outputs: tuple[str, ...],
        topics: list[str],
        codec: ImageCodec,
    ) -> None:
        self._engine, self._outputs, self._codec = engine, outputs, codec
        self._prefixes = {
            topic: NAMESPACE + (topic if len(topics) > 1 else '') for topic in topics
        }

    @property
    def output_topics(self) -> set[str]:
        """The topics that outputs are on."""
        return {f'{prefix}/{name}' for prefix in self._prefixes.values() for name in self._outputs}

    def outputs_of(self, message: BagMessage) -> list[tuple[str, int, memoryview]]:
        """Return topic, time and bytes of each output.

        :raises ImageError: if the image cannot be read
        """
        header, image = self._codec.decode(message.data, message.connection.msgtype)
        wanted = {name: name in self._outputs for name in ('color', 'overlay', 'confidence')}
        segmentation = self._engine.segment(image, **wanted)
        prefix = self._prefixes[message.topic]
        return [
            (
                f'{prefix}/{name}',
                message.time_ns,
                self._codec.encode(
                    getattr(segmentation, OUTPUTS[name][0]), header, encoding=OUTPUTS[name][1]
                ),
            )
            for name in self._outputs
        ]


if __name__ == '__main__':
    sys.exit(main())
