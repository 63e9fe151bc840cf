"""Measure what each part of the recipe scratch is worth: train without it, on CamVid.

Every run trains on train alone and is measured on val, once with the averaged weights and once
with the last step's. A finished run leaves a file in --out: what is there is not done again, and
several of these commands may share the folder, each with seeds of its own. At the end the table
of all that is there is printed, in Markdown.
"""

import argparse
import json
import statistics
import sys
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from csrnet_ros.benchmark.text import table as format_table
from csrnet_ros.cli.command import command
from csrnet_ros.cli.train import prepare
from csrnet_ros.devices import find_device
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import Checkpoint, CSRNet, find_config
from csrnet_ros.training.config import Recipe, find_recipe
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.evaluate import evaluate
from csrnet_ros.training.processes import Processes
from csrnet_ros.training.settings import (
    PRECISIONS,
    RunSettings,
    choose_algorithms,
    default_precision,
)
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD

WHOLE, LAST = 'scratch', 'without averaged weights'

CHANGES: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        WHOLE: {},
        'without auxiliary heads': {'auxiliary_weight': 0.0},
        'without hard pixels': {'ohem_probability': 1.0},
        'without crops about classes': {'class_uniform_share': 0.0},
        'without rare classes weighing more': {'class_balance': 0.0},
        'without warm-up': {'warmup_share': 0.0},
        'without scale 0.5': {'scales': (0.75, 1.0, 1.25, 1.5, 1.75, 2.0)},
        'with colour jitter 0.4': {'color_jitter': 0.4},
        'with label smoothing 0.1': {'label_smoothing': 0.1},
    }
)
"""What each row changes in the recipe."""


@command
def main() -> None:
    """Do the runs that are not done yet, and print the table."""
    args = parse()
    recipe = replace(
        find_recipe(WHOLE, 'camvid'),
        epochs=args.epochs,
        batch_size=args.batch_size,
        crop_px=tuple(args.crop),
    )
    args.out.mkdir(parents=True, exist_ok=True)
    for seed in args.seeds:
        for name, change in CHANGES.items():
            path = args.out / f'{name}, seed {seed}.json'
            if not path.exists():
                print(path.stem, file=sys.stderr)
                found = measure(replace(recipe, **change), args, seed=seed)
                path.write_text(json.dumps(found, indent=2))
    print(table(args.out))


def parse() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--root', type=Path, required=True, help="CamVid's folder")
    parser.add_argument('--out', type=Path, required=True, help='folder of the finished runs')
    parser.add_argument('--model', default='light', help='the network (default: light)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1], help='(default: 0 1)')
    parser.add_argument('--epochs', type=int, required=True, help='of every run')
    parser.add_argument('--batch-size', type=int, required=True, help='images a step')
    parser.add_argument('--crop', type=int, nargs=2, required=True, metavar=('H', 'W'))
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument('--precision', choices=PRECISIONS, help='(default: as csrnet-train)')
    return parser.parse_args()


def measure(recipe: Recipe, args: argparse.Namespace, *, seed: int) -> dict[str, Any]:
    """Train by a recipe; return it with the mIoU on val of both kinds of weights, in percent."""
    device = find_device(args.device)
    settings = RunSettings(seed=seed, precision=args.precision or default_precision(device))
    choose_algorithms(deterministic=False)
    torch.manual_seed(seed)
    network = CSRNet(find_config(args.model), num_classes=len(CAMVID))
    data = DATASETS['camvid'](args.root, 'train')
    run = prepare(network, recipe, settings, data, Processes(), device)
    with tqdm(total=run.steps, unit='step') as bar:
        for _ in range(recipe.epochs):
            for step in run.epoch():
                bar.set_postfix(loss=step.loss, refresh=False)
                bar.update()
    run.close()
    return {
        'settings': {'model': args.model} | asdict(recipe) | asdict(settings),
        'average': miou(run.weights(), args, device),
        'last': miou(network.state_dict(), args, device),
    }


def miou(weights: dict[str, Tensor], args: argparse.Namespace, device: torch.device) -> float:
    """Return what weights reach on val, in percent."""
    checkpoint = Checkpoint(
        find_config(args.model), CAMVID, IMAGENET_MEAN, IMAGENET_STD, weights, {}
    )
    return evaluate(checkpoint, DATASETS['camvid'](args.root, 'val'), device=device).miou()


def table(folder: Path) -> str:
    """Return every row that has been measured with the same seeds as the whole recipe."""
    scores: dict[str, dict[str, float]] = {}
    for path in folder.glob('*.json'):
        name, _, seed = path.stem.rpartition(', seed ')
        found = json.loads(path.read_text())
        scores.setdefault(name, {})[seed] = found['average']
        if name == WHOLE:
            scores.setdefault(LAST, {})[seed] = found['last']
    whole = scores[WHOLE]
    seeds = sorted(whole, key=int)
    rows = []
    for name in (WHOLE, LAST, *list(CHANGES)[1:]):
        if scores.get(name, {}).keys() == whole.keys():
            gains = [scores[name][seed] - whole[seed] for seed in seeds]
            change = f'{statistics.mean(gains):+.2f} ({min(gains):+.2f} to {max(gains):+.2f})'
            row = [scores[name][seed] for seed in seeds]
            figures = [f'{score:.2f}' for score in (*row, statistics.mean(row))]
            rows.append([name, *figures, '' if name == WHOLE else change])
    return format_table(('recipe', *(f'seed {seed}' for seed in seeds), 'mean', 'change'), rows)


if __name__ == '__main__':
    sys.exit(main())
