"""csrnet-train: train a network and write its checkpoint."""

import argparse
import dataclasses
import sys
import time
from pathlib import Path

import torch
from tqdm import tqdm

from csrnet_ros import __version__
from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.tables import iou_table
from csrnet_ros.devices import find_device
from csrnet_ros.model import CONFIGS, Checkpoint, CSRNet, find_config, save_checkpoint
from csrnet_ros.model.checkpoint import load_checkpoint
from csrnet_ros.training.backbone_weights import load_backbone
from csrnet_ros.training.config import RECIPES, Recipe, find_recipe
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.evaluate import evaluate
from csrnet_ros.training.loop import Step, steps_per_epoch, train
from csrnet_ros.training.memory import Samples, load
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
        default='trainval',
        help='what to train on; train is measured on val, trainval (as the paper) on test',
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
        help="paper: the paper's, from ImageNet weights; cpu: small crops, from scratch",
    )
    parser.add_argument('--epochs', type=int, help="instead of the recipe's", default=None)
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument('--seed', type=int, default=0, help='of every random choice')
    parser.add_argument(
        '--out', type=Path, required=True, help='the checkpoint to write, *.safetensors'
    )
    return parser.parse_args(arguments)


@command
def main() -> int:
    """Train, keep a checkpoint after every epoch, measure the last one."""
    args = parse()
    recipe = find_recipe(args.recipe, args.data)
    if args.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=args.epochs)
    device = find_device(args.device)
    torch.manual_seed(args.seed)
    data = DATASETS[args.data](args.root, args.split)
    judge = DATASETS[args.data](args.root, JUDGED_ON[args.split])
    network = CSRNet(find_config(args.model), num_classes=len(data.labels))
    if recipe.imagenet_backbone:
        load_backbone(network.backbone)
    network.to(device).to(memory_format=torch.channels_last)
    samples = load(
        data,
        drawn_frames=recipe.drawn_frames,
        device=device,
        watch=lambda indices: tqdm(indices, desc='reading', unit='image'),
    )
    checkpoint = Checkpoint(
        config=network.config,
        labels=data.labels,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        weights=network.state_dict(),
        provenance={
            'data': data.name,
            'images': len(data),
            'recipe': args.recipe,
            'settings': dataclasses.asdict(recipe),
            'seed': args.seed,
            'version': __version__,
            'torch': torch.__version__,
        },
    )
    checkpoint = run(checkpoint, network, samples, recipe, seed=args.seed, path=args.out)
    matrix = evaluate(
        load_checkpoint(args.out),
        judge,
        device=device,
        watch=lambda indices: tqdm(indices, desc='measuring', unit='image'),
    )
    measured = {'measured_on': judge.name, 'miou': round(matrix.miou(), 2)}
    checkpoint = dataclasses.replace(checkpoint, provenance=checkpoint.provenance | measured)
    save_checkpoint(args.out, checkpoint, half=True)
    print(iou_table(matrix, data.labels))
    print(f'{args.out}: mIoU {matrix.miou():.2f} % on {judge.name}')
    return 0


def run(
    checkpoint: Checkpoint,
    network: CSRNet,
    samples: Samples,
    recipe: Recipe,
    *,
    seed: int,
    path: Path,
) -> Checkpoint:
    """Train with a progress bar, write the checkpoint after each epoch, and return the last."""
    augment = Augmentation(
        recipe,
        mean=checkpoint.mean,
        std=checkpoint.std,
        generator=torch.Generator().manual_seed(seed),
    )
    started = time.monotonic()
    per_epoch = steps_per_epoch(samples, recipe)
    with tqdm(total=per_epoch * recipe.epochs, desc='training', unit='step') as bar:
        for step in train(network, samples, recipe, augment=augment, seed=seed):
            _show(bar, step, recipe)
            if step.number % per_epoch == 0:
                reached = {
                    'epochs': step.epoch,
                    'training_minutes': round((time.monotonic() - started) / 60, 1),
                }
                checkpoint = dataclasses.replace(
                    checkpoint,
                    weights=network.state_dict(),
                    provenance=checkpoint.provenance | reached,
                )
                save_checkpoint(path, checkpoint, half=True)
    return checkpoint


def _show(bar: 'tqdm[None]', step: Step, recipe: Recipe) -> None:
    bar.update()
    bar.set_postfix_str(
        f'epoch {step.epoch}/{recipe.epochs}, loss {step.loss:.3f}, rate {step.learning_rate:.1e}',
        refresh=False,
    )


if __name__ == '__main__':
    sys.exit(main())
