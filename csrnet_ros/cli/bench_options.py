"""The command line of csrnet-bench."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from csrnet_ros.benchmark.peers import PEERS
from csrnet_ros.cli.command import HelpFormatter
from csrnet_ros.cli.size import size_px
from csrnet_ros.inference.backends import BACKENDS
from csrnet_ros.model import CONFIGS, VARIANTS

PRECISIONS = ('float16', 'float32')
TURNS_HELP = 'for each network and way to run it, unless 50 turns take less'


def parse(description: str | None, arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ``description`` heads the help text.

    Every command has its name in ``kind``.
    """
    parser = argparse.ArgumentParser(
        prog='csrnet-bench', description=description, formatter_class=HelpFormatter
    )
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='COMMAND')
    for name, (text, add_options) in COMMANDS.items():
        add_options(
            kinds.add_parser(name, help=text, description=text, formatter_class=HelpFormatter)
        )
    return parser.parse_args(arguments)


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--models',
        nargs='+',
        choices=CONFIGS,
        default=[*VARIANTS],
        metavar='NAME',
        help=f'of {", ".join(CONFIGS)}',
    )
    parser.add_argument(
        '--sizes',
        nargs='+',
        type=size_px,
        default=None,
        metavar='HxW',
        help='of the images, height x width in pixels (default: 360x480 720x960)',
    )
    parser.add_argument(
        '--backends',
        nargs='+',
        choices=BACKENDS,
        default=['auto'],
        metavar='NAME',
        help=f'of {", ".join(BACKENDS)}; plain eager PyTorch is always there',
    )
    parser.add_argument(
        '--precisions',
        nargs='+',
        choices=PRECISIONS,
        default=['float16'],
        metavar='NAME',
        help=f'of {", ".join(PRECISIONS)}, on CUDA; on a CPU each backend has its own',
    )
    parser.add_argument('--batch', type=_count, default=1, metavar='N', help='images in a pass')
    parser.add_argument(
        '--peers',
        nargs='*',
        choices=PEERS,
        default=None,
        metavar='NAME',
        help=f'also networks of others, with random weights: {", ".join(PEERS)}; without a name, '
        'all of them',
    )
    parser.add_argument(
        '--plots', type=Path, default=None, metavar='DIR', help='also draw pictures here'
    )
    _add_common_options(parser, seconds_help=TURNS_HELP)


def _add_node_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--variant', choices=VARIANTS, default='light', help='the network')
    parser.add_argument(
        '--size', type=size_px, default='720x960', help='of the images, height x width in pixels'
    )
    parser.add_argument(
        '--backend', choices=BACKENDS, default='auto', help='what runs the network'
    )
    parser.add_argument(
        '--rate',
        type=_positive,
        default=None,
        metavar='HZ',
        help='of the frames whose latencies are measured (default: half of what the first '
        "frame's latency allows)",
    )
    _add_common_options(parser, seconds_help='that frames are sent for at each rate')


def _add_paper_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--size', type=size_px, default='512x1024', help='of the images, height x width in pixels'
    )
    _add_common_options(parser, seconds_help=TURNS_HELP)


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        'records', type=Path, nargs='+', metavar='RECORD', help='what --json wrote'
    )
    parser.add_argument(
        '--out', type=Path, required=True, metavar='DIR', help='for benchmark.md and images/*.png'
    )


def _add_common_options(parser: argparse.ArgumentParser, *, seconds_help: str) -> None:
    parser.add_argument('--seconds', type=_positive, default=10.0, help=seconds_help)
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument('--json', type=Path, default=None, metavar='FILE', help='write a record')


def _count(text: str) -> int:
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f'expected a count of 1 or more, not {text!r}')
    return value


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f'expected a number above 0, not {text!r}')
    return value


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    'model': ('networks, in plain PyTorch and by the backends named', _add_model_options),
    'node': ('the node between a camera and a listener on real topics', _add_node_options),
    'paper': ("the sixteen networks of the paper's Table 3", _add_paper_options),
    'report': ('benchmark.md and its pictures, from records', _add_report_options),
}
"""What each command says of itself, and what adds its options."""
