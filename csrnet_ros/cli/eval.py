"""csrnet-eval: measure a checkpoint on a data set (whole image, one scale, no flip).

Data sets, and what --root is to hold:
  camvid                  CamVid in the SegNet layout, with SegNet's 11 merged classes
  camvid-original-segnet  701_StillsRaw_full, LabeledApproved_full and the lists of the split;
                          32 colours merged into 11 as SegNet and the paper do
  camvid-original-exact   the same, with the 11 exact colours alone, the other 21 ignored
  cityscapes              leftImg8bit and gtFine
  folder                  images, labels and classes.yaml, or --root is the YAML file;
                          pydoc csrnet_ros.training.datasets.yaml_folder describes it
"""

import argparse
import json
import math
import sys
from functools import partial
from pathlib import Path

from tqdm import tqdm

from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.cli.tables import iou_table, summary
from csrnet_ros.devices import find_device
from csrnet_ros.media.confusion import draw_confusion
from csrnet_ros.media.saving import save_image
from csrnet_ros.model import Checkpoint, load_checkpoint
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.datasets import DATASETS, FileDataset
from csrnet_ros.training.evaluate import evaluate
from csrnet_ros.training.metrics import ConfusionMatrix
from csrnet_ros.training.predictions import PredictionFolder


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-eval', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('--data', choices=DATASETS, default='camvid', help='the data set')
    parser.add_argument('--root', type=Path, required=True, help="the data set's folder")
    parser.add_argument('--split', default='test', help='train, val, test, or trainval')
    parser.add_argument('--weights', type=Path, required=True, help='the checkpoint')
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    parser.add_argument('--json', type=Path, default=None, help='also write the figures here')
    parser.add_argument(
        '--picture', type=_png, default=None, help='also draw the confusion matrix, *.png'
    )
    parser.add_argument(
        '--dump',
        type=Path,
        default=None,
        metavar='DIR',
        help="also write the predictions, class ids as PNG; for cityscapes the test server's "
        'labelIds',
    )
    return parser.parse_args(arguments)


@command
def main() -> int:
    """Print the table of classes, and write figures, picture and predictions where asked."""
    args = parse()
    device = find_device(args.device)
    checkpoint = load_checkpoint(args.weights)
    data = DATASETS[args.data](args.root, args.split)
    check_dataset(data, watch=partial(tqdm, desc='checking', unit='image'))
    take = PredictionFolder(data, args.dump).write if args.dump else None
    watch = partial(tqdm, desc=args.split, unit='image')
    matrix = evaluate(checkpoint, data, device=device, watch=watch, take=take)
    print(iou_table(matrix, data.labels))
    print(summary(matrix, data))
    print(f'the weights were trained on: {checkpoint.provenance.get("data", "unknown")}')
    if args.json:
        figures = {'weights': str(args.weights), **_figures(matrix, data, checkpoint)}
        args.json.parent.mkdir(parents=True, exist_ok=True)
        args.json.write_text(json.dumps(figures, indent=2) + '\n')
    if args.picture:
        args.picture.parent.mkdir(parents=True, exist_ok=True)
        title = summary(matrix, data)
        save_image(args.picture, draw_confusion(matrix.counts, data.labels, title=title))
    return 0


def _png(name: str) -> Path:
    if not name.lower().endswith('.png'):
        raise argparse.ArgumentTypeError(f'{name} does not end in .png')
    return Path(name)


def _figures(
    matrix: ConfusionMatrix, data: FileDataset, checkpoint: Checkpoint
) -> dict[str, object]:
    """Return what was measured, on what and with what, as JSON values."""
    iou = dict(zip(data.labels.classes, map(_json_number, matrix.iou()), strict=True))
    return {
        'data': data.name,
        'images': len(data),
        'trained_on': checkpoint.provenance.get('data'),
        'network': checkpoint.config.name,
        'miou': _json_number(matrix.miou()),
        'iou': iou,
        'pixel_accuracy': _json_number(matrix.pixel_accuracy()),
        'confusion': matrix.counts.tolist(),
    }


def _json_number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


if __name__ == '__main__':
    sys.exit(main())
