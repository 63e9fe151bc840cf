"""csrnet-eval: measure checkpoints on a data set (whole image, one scale, no flip).

Data sets, and what --root is to hold:
  camvid                  CamVid in the SegNet layout, with SegNet's 11 merged classes
  camvid-original-segnet  701_StillsRaw_full, LabeledApproved_full and the lists of the split;
                          32 colours merged into 11 as SegNet and the paper do
  camvid-original-exact   the same, with the 11 exact colours alone, the other 21 ignored
  cityscapes              leftImg8bit and gtFine
  folder                  images, labels and classes.yaml, or --root is the YAML file;
                          pydoc csrnet_ros.training.datasets.yaml_folder describes it

Several checkpoints are measured in one pass over the data. They go by the names of their networks,
or of their files where two are of one network. What --json, --picture and --dump write is then
written for each, with its name appended: figures_light.json, figures_medium.json.
"""

import json
import math
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from csrnet_ros.cli.command import command
from csrnet_ros.cli.engine_labeller import EngineLabeller
from csrnet_ros.cli.eval_options import parse
from csrnet_ros.cli.networks import NamedNetwork, load_networks, own_paths
from csrnet_ros.cli.report import write_report
from csrnet_ros.cli.sheets import write_sheets
from csrnet_ros.cli.tables import boundary_line, iou_table, summary
from csrnet_ros.devices import find_device
from csrnet_ros.media.confusion import draw_confusion
from csrnet_ros.media.saving import prove_target, prove_writable, save_image
from csrnet_ros.training.check import check_dataset
from csrnet_ros.training.crops import CropFinder
from csrnet_ros.training.datasets import DATASETS, FileDataset
from csrnet_ros.training.evaluate import Evaluator, Outcome, PlainLabeller
from csrnet_ros.training.predictions import PredictionFolder
from csrnet_ros.training.scores import Score, Scores


@command
def main() -> int:
    """Print the table of classes, and write all else that is asked for."""
    args = parse(__doc__)
    device = find_device(args.device)
    networks = load_networks(args.weights)
    prove_targets(args, networks)
    data = DATASETS[args.data](args.root, args.split)
    check_dataset(data, watch=partial(tqdm, desc='checking', unit='image'))
    evaluator = Evaluator(
        [network.checkpoint for network in networks],
        data,
        labeller=partial(EngineLabeller, device=device, backend=args.backend)
        if args.backend
        else partial(PlainLabeller, device=device),
    )
    scores, crops = Scores(len(networks), len(data.labels)), CropFinder(len(data.labels))
    takers: list[Callable[[Outcome], None]] = [scores.update]
    if args.sheets:
        takers.append(crops.update)
    if args.dump:
        takers.append(_dump(args.dump, networks, data))
    for index in tqdm(range(len(data)), desc=args.split, unit='image'):
        outcome = evaluator.outcome(index)
        for take in takers:
            take(outcome)
    _tell(networks, scores.networks, data)
    for write, path in ((_write_json, args.json), (_draw, args.picture)):
        if path:
            for own, network, score in zip(own_paths(path, networks), networks, scores.networks):
                write(own, network, score, evaluator)
    if args.sheets:
        write_sheets(args.sheets, networks, evaluator, scores, crops)
    if args.report:
        write_report(args.report, networks, evaluator, scores)
    return 0


def prove_targets(args: Namespace, networks: Sequence[NamedNetwork]) -> None:
    """Make sure that what is asked for can be written, before it is measured.

    :raises OSError: if it cannot
    """
    for path in filter(None, (args.json, args.picture)):
        for own in own_paths(path, networks):
            prove_target(own)
    if args.report:
        prove_target(args.report)
    if args.sheets:
        prove_writable(args.sheets)


def _dump(
    folder: Path, networks: Sequence[NamedNetwork], data: FileDataset
) -> Callable[[Outcome], None]:
    """Return what writes each network's predictions of an image."""
    folders = [PredictionFolder(data, path) for path in own_paths(folder, networks)]

    def write(outcome: Outcome) -> None:
        for place, predicted in zip(folders, outcome.predictions, strict=True):
            place.write(outcome.index, predicted)

    return write


def _tell(networks: Sequence[NamedNetwork], scores: Sequence[Score], data: FileDataset) -> None:
    names = [network.name for network in networks]
    matrices = [score.overall for score in scores]
    print(iou_table(dict(zip(names, matrices, strict=True)), data.labels))
    for network, score in zip(networks, scores, strict=True):
        first = f'{network.name}: ' if len(networks) > 1 else ''
        print(f'{first}{summary(score.overall, data)}')
        print(f'{first}{boundary_line(score.near_boundary)}')
        print(f'{first}the weights were trained on: {network.checkpoint.trained_on}')


def _write_json(path: Path, network: NamedNetwork, score: Score, evaluator: Evaluator) -> None:
    path.write_text(json.dumps(_figures(network, score, evaluator), indent=2) + '\n')


def _draw(path: Path, network: NamedNetwork, score: Score, evaluator: Evaluator) -> None:
    data = evaluator.data
    title = f'{network.name} on {summary(score.overall, data)}'
    save_image(path, draw_confusion(score.overall.counts, data.labels, title=title))


def _figures(network: NamedNetwork, score: Score, evaluator: Evaluator) -> dict[str, object]:
    """Return what was measured, on what and with what, as JSON values."""
    data, matrix, checkpoint = evaluator.data, score.overall, network.checkpoint
    iou = dict(zip(data.labels.classes, map(_json_number, matrix.iou()), strict=True))
    return {
        'weights': str(network.path),
        'data': data.name,
        'images': len(data),
        'trained_on': checkpoint.trained_on,
        'network': checkpoint.config.name,
        'labelled': evaluator.how,
        'miou': _json_number(matrix.miou()),
        'iou': iou,
        'pixel_accuracy': _json_number(matrix.pixel_accuracy()),
        'boundary_miou': {
            f'{radius_px} px': _json_number(near.miou())
            for radius_px, near in score.near_boundary.items()
        },
        'confusion': matrix.counts.tolist(),
    }


def _json_number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


if __name__ == '__main__':
    sys.exit(main())
