"""The command line of csrnet-train."""

import argparse
import dataclasses
from pathlib import Path

from csrnet_ros.cli.command import HelpFormatter
from csrnet_ros.model import CONFIGS
from csrnet_ros.training.config import RECIPES, Recipe, find_recipe
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.settings import PRECISIONS

MEASURED_ON = {'train': 'val', 'trainval': 'test'}
"""The split that a network is measured on after training on another."""


def parse(description: str | None, arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line; ``description`` heads the help text."""
    parser = argparse.ArgumentParser(
        prog='csrnet-train', description=description, formatter_class=HelpFormatter
    )
    parser.add_argument('--data', choices=DATASETS, default='camvid', help='the data set')
    parser.add_argument('--root', type=Path, required=True, help="the data set's folder")
    parser.add_argument(
        '--split',
        choices=MEASURED_ON,
        default='train',
        help='what to train on; train is measured on val, trainval on test, as the paper does on '
        'CamVid',
    )
    parser.add_argument(
        '--model',
        choices=CONFIGS,
        default='light',
        metavar='NAME',
        help=f'the network: {", ".join(CONFIGS)}',
    )
    parser.add_argument(
        '--recipe',
        choices=RECIPES,
        default='paper',
        help="paper: the paper's, from ImageNet weights; scratch: without those, on a GPU; "
        'cpu: small crops, from scratch',
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        '--backbone-weights',
        metavar='FILE',
        help='start the backbone from a file, from imagenet, or from none (default: as the '
        'recipe says)',
    )
    start.add_argument(
        '--initial-weights',
        type=Path,
        metavar='FILE',
        help='start from a trained checkpoint, be it of another variant or for other classes: '
        'whatever of it fits is taken over',
    )
    parser.add_argument('--epochs', type=int, help="instead of the recipe's", default=None)
    _add_run_options(parser)
    return parser.parse_args(arguments)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what changes how a run is computed and where it is kept, but not what it is."""
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument(
        '--precision',
        choices=PRECISIONS,
        help='what the network computes in (default: bf16 on a GPU that has it, else fp16; fp32 '
        'on a CPU)',
    )
    parser.add_argument(
        '--accumulate',
        type=int,
        default=1,
        metavar='PARTS',
        help='compute a batch in so many parts, to need less memory',
    )
    parser.add_argument('--seed', type=int, default=0, help='of every random choice')
    parser.add_argument(
        '--deterministic',
        action='store_true',
        help='the same run gives the same bits; slower. On a GPU it goes as far as PyTorch does, '
        'which warns of what it does not promise',
    )
    parser.add_argument(
        '--out', type=_safetensors, required=True, help='the checkpoint to write, *.safetensors'
    )
    parser.add_argument(
        '--resume', action='store_true', help='continue the run of --out, if there is one'
    )


def _safetensors(name: str) -> Path:
    if not name.endswith('.safetensors'):
        raise argparse.ArgumentTypeError(f'{name} does not end in .safetensors')
    return Path(name)


def choose_recipe(args: argparse.Namespace) -> Recipe:
    """Return the recipe with what the command line changes in it."""
    recipe = find_recipe(args.recipe, args.data)
    if args.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=args.epochs)
    if args.initial_weights is not None or args.backbone_weights == 'none':
        recipe = dataclasses.replace(recipe, imagenet_backbone=False)
    elif args.backbone_weights is not None:
        recipe = dataclasses.replace(recipe, imagenet_backbone=True)
    return recipe
