"""The command line of csrnet-eval."""

import argparse
from collections.abc import Callable
from pathlib import Path

from csrnet_ros.cli.command import HelpFormatter
from csrnet_ros.inference.backends import BACKENDS
from csrnet_ros.training.datasets import DATASETS


def parse(description: str | None) -> argparse.Namespace:
    """Parse the command line; ``description`` heads the help text."""
    parser = argparse.ArgumentParser(
        prog='csrnet-eval', description=description, formatter_class=HelpFormatter
    )
    parser.add_argument('--data', choices=DATASETS, default='camvid', help='the data set')
    parser.add_argument('--root', type=Path, required=True, help="the data set's folder")
    parser.add_argument('--split', default='test', help='train, val, test, or trainval')
    parser.add_argument(
        '--weights', type=Path, nargs='+', required=True, metavar='FILE', help='the checkpoints'
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument(
        '--backend',
        choices=BACKENDS,
        metavar='NAME',
        help='measure the network as the node runs it with this backend, not as PyTorch does in '
        f'float32: {", ".join(BACKENDS)}',
    )
    _add_outputs(parser)
    args = parser.parse_args()
    if args.sheets and len(args.weights) < 2:
        parser.error('--sheets compares networks; name two or more files with --weights')
    return args


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--json', type=Path, metavar='FILE', help='also write the figures here')
    parser.add_argument(
        '--picture',
        type=_ending('.png'),
        metavar='FILE',
        help='also draw the confusion matrix, *.png',
    )
    parser.add_argument(
        '--dump',
        type=Path,
        metavar='DIR',
        help="also write the predictions, class ids as PNG; for cityscapes the test server's "
        'labelIds',
    )
    parser.add_argument(
        '--sheets',
        type=Path,
        metavar='DIR',
        help='also draw the networks beside the truth, and the crops where they differ most',
    )
    parser.add_argument(
        '--report',
        type=_ending('.html'),
        metavar='FILE',
        help='also write all that was measured, and the ten worst images, as one page, *.html',
    )


def _ending(suffix: str) -> Callable[[str], Path]:
    def path(name: str) -> Path:
        if not name.lower().endswith(suffix):
            raise argparse.ArgumentTypeError(f'{name} does not end in {suffix}')
        return Path(name)

    return path
