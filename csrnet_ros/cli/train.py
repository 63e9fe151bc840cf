"""csrnet-train: train a network and write its checkpoint.

The state of the run is saved after every epoch, and when SIGTERM or Ctrl-C ends it, into a folder
beside the checkpoint; --resume goes on from there. TensorBoard shows what is in that folder.
Started by torchrun, several processes share each batch:
torchrun --nproc-per-node 4 -m csrnet_ros.cli.train ...
"""

import argparse
import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from csrnet_ros import __version__
from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.session import Session
from csrnet_ros.cli.tables import iou_table, summary
from csrnet_ros.devices import find_device
from csrnet_ros.labels import LabelSet
from csrnet_ros.media.confusion import draw_confusion
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import CONFIGS, CSRNet, find_config, save_checkpoint
from csrnet_ros.model.checkpoint import load_checkpoint
from csrnet_ros.training.backbone_weights import load_backbone
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.config import RECIPES, Recipe, find_recipe
from csrnet_ros.training.datasets import DATASETS, FileDataset
from csrnet_ros.training.evaluate import evaluate
from csrnet_ros.training.folder import RunFolder
from csrnet_ros.training.initial_weights import adopt_weights
from csrnet_ros.training.loop import TrainingRun
from csrnet_ros.training.memory import find_room
from csrnet_ros.training.processes import Processes, device_name, join_processes
from csrnet_ros.training.settings import (
    PRECISIONS,
    RunSettings,
    choose_algorithms,
    default_precision,
)
from csrnet_ros.training.stream import StreamedSamples
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

JUDGED_ON = {'train': 'val', 'trainval': 'test'}
"""The split that a network is measured on after training on another."""


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-train', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('--data', choices=DATASETS, default='camvid', help='the data set')
    parser.add_argument('--root', type=Path, required=True, help="the data set's folder")
    parser.add_argument(
        '--split',
        choices=JUDGED_ON,
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
        '--deterministic', action='store_true', help='the same run gives the same bits; slower'
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


@command
def main() -> int:
    """Train, keep state and checkpoint after every epoch, measure the last one."""
    args = parse()
    recipe = choose_recipe(args)
    device = find_device(device_name(args.device))
    settings = RunSettings(
        seed=args.seed,
        precision=args.precision or default_precision(device),
        accumulate=args.accumulate,
        deterministic=args.deterministic,
    )
    choose_algorithms(deterministic=settings.deterministic)
    data = DATASETS[args.data](args.root, args.split)
    judge = DATASETS[args.data](args.root, JUDGED_ON[args.split])
    folder = RunFolder(args.out.with_suffix('.run'))
    with join_processes(device) as processes:
        if processes.first:
            for part in (data, judge):
                check_dataset(part, watch=partial(tqdm, desc='checking', unit='image'))
        torch.manual_seed(settings.seed)
        network = CSRNet(find_config(args.model), num_classes=len(data.labels))
        if not folder.has_state:
            give_first_weights(network, args, recipe, labels=data.labels)
        session = Session(
            prepare(network, recipe, settings, data, processes, device),
            labels=data.labels,
            provenance=describe(args, recipe, settings, data, processes),
            path=args.out,
            folder=folder,
            judge=judge,
            processes=processes,
        )
        ended_by = session.train(resume=args.resume)
    if ended_by:
        return 128 + ended_by
    if processes.first:
        measure(args.out, judge, device, picture=folder.path / 'confusion.png')
    return 0


def choose_recipe(args: argparse.Namespace) -> Recipe:
    """Return the recipe with what the command line changes in it."""
    recipe = find_recipe(args.recipe, args.data)
    if args.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=args.epochs)
    if args.backbone_weights is not None:
        pretrained = args.backbone_weights != 'none'
        recipe = dataclasses.replace(recipe, imagenet_backbone=pretrained)
    return recipe


def give_first_weights(
    network: CSRNet, args: argparse.Namespace, recipe: Recipe, *, labels: LabelSet
) -> None:
    """Start the network from trained weights, where recipe or command line name some."""
    if args.initial_weights:
        adopted = adopt_weights(network, load_checkpoint(args.initial_weights), labels=labels)
        total = len(network.state_dict())
        print(f'{args.initial_weights}: {adopted} of {total} tensors taken over', file=sys.stderr)
    elif recipe.imagenet_backbone:
        load_backbone(network.backbone, source=args.backbone_weights or 'imagenet')


def describe(
    args: argparse.Namespace,
    recipe: Recipe,
    settings: RunSettings,
    data: FileDataset,
    processes: Processes,
) -> dict[str, Any]:
    """Return what the checkpoint will say of where it comes from."""
    return {
        'data': data.name,
        'images': len(data),
        'recipe': args.recipe,
        'settings': dataclasses.asdict(recipe),
        **dataclasses.asdict(settings),
        'processes': processes.count,
        'initial_weights': str(args.initial_weights or args.backbone_weights or ''),
        'version': __version__,
        'torch': torch.__version__,
    }


def prepare(
    network: CSRNet,
    recipe: Recipe,
    settings: RunSettings,
    data: FileDataset,
    processes: Processes,
    device: torch.device,
) -> TrainingRun:
    """Return a run at its beginning, its images held in memory where there is room."""
    network.to(device).to(memory_format=torch.channels_last)
    stream = StreamedSamples(
        data,
        drawn_frames=recipe.drawn_frames,
        device=device,
        watch=partial(tqdm, desc='reading', unit='image', disable=not processes.first),
    )
    room = find_room(device)
    if processes.first:
        print(room.verdict(stream), file=sys.stderr)
    samples = room.place(stream)
    augment = Augmentation(recipe, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return TrainingRun(network, samples, augment=augment, settings=settings, processes=processes)


def measure(path: Path, judge: FileDataset, device: torch.device, *, picture: Path) -> None:
    """Measure the checkpoint at ``path``, say so in it, print the table, draw the confusion."""
    checkpoint = load_checkpoint(path)
    watch = partial(tqdm, desc='measuring', unit='image')
    matrix = evaluate(checkpoint, judge, device=device, watch=watch)
    measured = {'measured_on': judge.name, 'miou': round(matrix.miou(), 2)}
    checkpoint = dataclasses.replace(checkpoint, provenance=checkpoint.provenance | measured)
    save_checkpoint(path, checkpoint, half=True)
    title = summary(matrix, judge)
    save_image(picture, draw_confusion(matrix.counts, judge.labels, title=title))
    print(iou_table(matrix, judge.labels))
    print(title)
    minutes = checkpoint.provenance['training_minutes']
    print(f'{path}: {checkpoint.provenance["epochs"]} epochs in {minutes} min; see also {picture}')


if __name__ == '__main__':
    sys.exit(main())
