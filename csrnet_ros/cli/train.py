"""csrnet-train: train a network and write its checkpoint.

The state of the run is saved after every epoch, and when SIGTERM or Ctrl-C ends it, into a folder
beside the checkpoint; --resume goes on from there. TensorBoard shows what is in that folder.
Started by torchrun, several processes share each batch:
torchrun --nproc-per-node 4 -m csrnet_ros.cli.train ...
"""

import argparse
import dataclasses
import math
import sys
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from csrnet_ros import __version__
from csrnet_ros.cli.command import command
from csrnet_ros.cli.session import Session, refuse_to_overwrite
from csrnet_ros.cli.tables import iou_table, summary
from csrnet_ros.cli.train_options import MEASURED_ON, choose_recipe, parse
from csrnet_ros.devices import find_device
from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import LabelSet
from csrnet_ros.media.confusion import draw_confusion
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import CSRNet, find_config, save_checkpoint
from csrnet_ros.model.checkpoint import load_checkpoint
from csrnet_ros.training.backbone_weights import load_backbone
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.datasets import DATASETS, FileDataset
from csrnet_ros.training.datasets.wrong_ids import unseen
from csrnet_ros.training.evaluate import evaluate
from csrnet_ros.training.folder import RunFolder
from csrnet_ros.training.initial_weights import adopt_weights
from csrnet_ros.training.loop import TrainingRun
from csrnet_ros.training.memory import find_room
from csrnet_ros.training.processes import Processes, device_name, join_processes
from csrnet_ros.training.settings import (
    RunSettings,
    choose_algorithms,
    default_precision,
)
from csrnet_ros.training.stream import StreamedSamples
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation


@command
def main() -> int:
    """Train, keep state and checkpoint after every epoch, measure the last one."""
    args = parse(__doc__)
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
    held_out = DATASETS[args.data](args.root, MEASURED_ON[args.split])
    folder = RunFolder(args.out.with_suffix('.run'))
    with join_processes(device) as processes:
        if processes.first:
            refuse_to_overwrite(args.out, folder, resume=args.resume)
            check(data, held_out)
        torch.manual_seed(settings.seed)
        network = CSRNet(find_config(args.model), num_classes=len(data.labels))
        first = None
        if not processes.from_first(folder.has_state):  # the others may be on other machines
            first = give_first_weights(network, args, recipe, labels=data.labels)
        session = Session(
            prepare(network, recipe, settings, data, processes, device),
            labels=data.labels,
            provenance=describe(args, recipe, settings, data, processes, first=first),
            path=args.out,
            folder=folder,
            held_out=held_out,
            processes=processes,
        )
        ended_by = session.train(resume=args.resume)
    if ended_by:
        return 128 + ended_by
    if processes.first:
        measure(args.out, held_out, device, picture=folder.path / 'confusion.png')
    return 0


def check(data: FileDataset, held_out: FileDataset) -> None:
    """Make sure that a network can be trained on ``data`` and measured on ``held_out``.

    :raises DatasetError: naming every fault of both
    """
    faults = []
    for part in (data, held_out):
        try:
            bar = partial(tqdm, desc='checking', unit='image')
            values = check_dataset(part, one_size=part is data, watch=bar)
            if part is data and (warning := unseen(data, values)):
                print(f'warning: {warning}', file=sys.stderr)
        except DatasetError as error:
            faults.append(str(error))
    if faults:
        raise DatasetError('\n'.join(faults))


def give_first_weights(
    network: CSRNet, args: argparse.Namespace, recipe: Recipe, *, labels: LabelSet
) -> dict[str, Any] | None:
    """Start the network from trained weights, where recipe or command line name some.

    :return: the provenance of a checkpoint's
    """
    if args.initial_weights:
        checkpoint = load_checkpoint(args.initial_weights)
        adopted = adopt_weights(network, checkpoint, labels=labels)
        total = len(network.state_dict())
        print(f'{args.initial_weights}: {adopted} of {total} tensors taken over', file=sys.stderr)
        return checkpoint.provenance
    if recipe.imagenet_backbone:
        load_backbone(network.backbone, source=args.backbone_weights or 'imagenet')
    return None


def describe(
    args: argparse.Namespace,
    recipe: Recipe,
    settings: RunSettings,
    data: FileDataset,
    processes: Processes,
    *,
    first: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return what the checkpoint will say of where it comes from.

    :param first: the provenance of the checkpoint that it starts from; a run that is resumed knows
        it already
    """
    return {
        'data': data.name,
        'images': len(data),
        'recipe': args.recipe,
        'settings': dataclasses.asdict(recipe),
        **dataclasses.asdict(settings),
        'processes': processes.count,
        'backbone_weights': args.backbone_weights,
        'initial_weights': first,
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


def measure(path: Path, held_out: FileDataset, device: torch.device, *, picture: Path) -> None:
    """Measure the checkpoint at ``path``, say so in it, print the table, draw the confusion."""
    checkpoint = load_checkpoint(path)
    watch = partial(tqdm, desc='measuring', unit='image')
    matrix = evaluate(checkpoint, held_out, device=device, watch=watch)
    miou = None if math.isnan(matrix.miou()) else round(matrix.miou(), 2)
    measured = {'measured_on': held_out.name, 'miou': miou}
    checkpoint = dataclasses.replace(checkpoint, provenance=checkpoint.provenance | measured)
    save_checkpoint(path, checkpoint, half=True)
    title = summary(matrix, held_out)
    save_image(picture, draw_confusion(matrix.counts, held_out.labels, title=title))
    print(iou_table({checkpoint.config.name: matrix}, held_out.labels))
    print(title)
    minutes = checkpoint.provenance['training_minutes']
    print(f'{path}: {checkpoint.provenance["epochs"]} epochs in {minutes} min; see also {picture}')


if __name__ == '__main__':
    sys.exit(main())
