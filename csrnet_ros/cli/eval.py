"""csrnet-eval: measure a checkpoint on a data set (whole image, one scale, no flip)."""

import argparse
import json
import math
import sys
from pathlib import Path

from tqdm import tqdm

from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.tables import iou_table
from csrnet_ros.devices import find_device
from csrnet_ros.model import load_checkpoint
from csrnet_ros.training.datasets import DATASETS
from csrnet_ros.training.evaluate import evaluate


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-eval', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('--data', choices=DATASETS, default='camvid', help='the data set')
    parser.add_argument('--root', type=Path, required=True, help="the data set's folder")
    parser.add_argument('--split', default='test', help="one of the data set's splits")
    parser.add_argument('--weights', type=Path, required=True, help='the checkpoint')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument('--json', type=Path, default=None, help='also write the figures here')
    return parser.parse_args(arguments)


@command
def main() -> int:
    """Print the table of classes, and write it as JSON where asked."""
    args = parse()
    checkpoint = load_checkpoint(args.weights)
    data = DATASETS[args.data](args.root, args.split)
    matrix = evaluate(
        checkpoint,
        data,
        device=find_device(args.device),
        watch=lambda indices: tqdm(indices, desc=args.split, unit='image'),
    )
    print(iou_table(matrix, data.labels))
    print(f'{data.name}: mIoU {matrix.miou():.2f} % over {len(data)} images')
    if args.json:
        iou = dict(zip(data.labels.classes, map(_json_number, matrix.iou()), strict=True))
        figures = {
            'data': data.name,
            'images': len(data),
            'weights': str(args.weights),
            'network': checkpoint.config.name,
            'miou': _json_number(matrix.miou()),
            'iou': iou,
            'pixel_accuracy': _json_number(matrix.pixel_accuracy()),
        }
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')
    return 0


def _json_number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


if __name__ == '__main__':
    sys.exit(main())
