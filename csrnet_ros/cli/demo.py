"""See CSRNet label a camera through real ROS 2 topics.

A camera, the node and a viewer run as three processes that meet only on topics. The camera is a
street that the project draws itself, whose true labels are known, or what INPUT names. The viewer
writes demo.mp4 and demo.png.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from csrnet_ros.cli.children import Child, Children, Event, start_node
from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.demo_summary import summary
from csrnet_ros.cli.domain import own_domain
from csrnet_ros.errors import DemoError
from csrnet_ros.inference import find_weights
from csrnet_ros.labels import LabelSet
from csrnet_ros.media.frames import open_frames
from csrnet_ros.model import MIN_SIDE_PX, VARIANTS, load_checkpoint

LIVE_FRAMES = 120
LIVE_RATE_HZ = 10.0
STILLS_RATE_HZ = 4.0
"""How fast the video shows images that know no time of their own."""


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m csrnet_ros.cli.demo', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument(
        'input', nargs='?', metavar='INPUT', help='image, folder of images, video, webcam number'
    )
    parser.add_argument('--weights', type=Path, help='checkpoint instead of the shipped one')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for the results')
    return parser.parse_args()


@command
def main() -> int:
    """Run the demo to its end and print what it measured."""
    args = parse()
    weights = args.weights or find_weights(next(iter(VARIANTS)))
    labels = load_checkpoint(weights).labels
    frames, rate_hz = _extent(args.input)
    args.out.mkdir(parents=True, exist_ok=True)
    with Children(own_domain()) as children:
        start_node(children, {'weights': weights.resolve()})
        viewer = _start_viewer(
            children, labels, args.out, rate_hz=rate_hz, truth=args.input is None
        )
        _start_camera(children, args.input)
        report = follow(children, viewer, frames)
    print(summary(report, labels))
    print(f'\nlook at {args.out / "demo.png"} and {args.out / "demo.mp4"}')
    return 0


def follow(children: Children, viewer: Child, frames: int | None) -> Event:
    """Show the progress until the viewer has ended, and return its report.

    :param frames: how many are expected; None if nobody knows
    :raises DemoError: if a process fails, or ends before its work is done
    """
    report: Event = {}
    with tqdm(total=frames, desc='starting', unit='frame') as bar:
        for child, event in children.events():
            if event is None:
                if child.status() != 0 or child.name == 'node':
                    raise DemoError(children.obituary(child))
                if child is viewer:
                    return report
            elif event['event'] == 'report':
                report = event
            elif event['event'] == 'skipped':
                bar.write(f'skipped: {event["why"]}', file=sys.stderr)
            elif event['event'] == 'labelled':
                bar.set_description('labelling', refresh=False)
                bar.update()
    raise AssertionError('the events go on until the viewer has ended')


def _extent(source: str | None) -> tuple[int | None, float]:
    """Return the number of frames to come, if it is known, and the frames per second of the video.

    :param source: None for the drawn street
    :raises ImageError: if there is nothing there to show
    """
    frames = None if source is None else open_frames(source)
    if frames is None or frames.live:
        return LIVE_FRAMES, LIVE_RATE_HZ
    return frames.length, frames.rate_hz or STILLS_RATE_HZ


def _start_viewer(
    children: Children, labels: LabelSet, out: Path, *, rate_hz: float, truth: bool
) -> Child:
    return children.start(
        'viewer',
        'csrnet_ros.node.demo_viewer',
        *(f'--out={out}', f'--labels={json.dumps(asdict(labels))}', f'--rate-hz={rate_hz}'),
        *(['--truth'] if truth else []),
    )


def _start_camera(children: Children, source: str | None) -> None:
    children.start(
        'camera',
        'csrnet_ros.node.demo_camera',
        *(f'--frames={LIVE_FRAMES}', f'--rate-hz={LIVE_RATE_HZ}'),
        f'--min-side-px={MIN_SIDE_PX}',
        *([] if source is None else ['--', source]),
    )


if __name__ == '__main__':
    sys.exit(main())
