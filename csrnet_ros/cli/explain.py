"""csrnet-explain: show where in an image the network finds what speaks for a class.

For each image NAME and each class, NAME_CLASS.png holds the image, its truth where one is given,
the prediction, and the Score-CAM heat of the last map of each stage: low-, mid- and high-refined,
A4, B4 and C4 in heavy, A8, B8 and C4 in medium, A16, B8 and C4 in light. With the truth, each
map's share of heat inside the object is told too; pixels that are void do not count. No heat
means that no part of the image speaks for the class more than an empty one does. A file of that
name that was there before is replaced. Of images with the same name, the later ones get a
number. What cannot be read is named and left out, and the exit status is then 1.

The network sees the image once for each of a map's channels: minutes on a CPU.
"""

import argparse
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from csrnet_ros.cli.command import HelpFormatter, command
from csrnet_ros.devices import find_device
from csrnet_ros.errors import DatasetError, ImageError
from csrnet_ros.inference import find_weights
from csrnet_ros.inference.images import check_image
from csrnet_ros.inference.score_cam import Explanation, ScoreCam
from csrnet_ros.labels import VOID, LabelSet
from csrnet_ros.media.frames import read_image
from csrnet_ros.media.heat import draw_heat, draw_scale
from csrnet_ros.media.legend import draw_legend
from csrnet_ros.media.result_names import ResultNames
from csrnet_ros.media.saving import save_image
from csrnet_ros.media.sheet import TEXT_PX, Panel, draw_sheet, sheet_width_px
from csrnet_ros.model import VARIANTS, load_checkpoint
from csrnet_ros.training.datasets.masks import index_code

REFINED = ('low-refined', 'mid-refined', 'high-refined')


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='csrnet-explain', description=__doc__, formatter_class=HelpFormatter
    )
    parser.add_argument('images', nargs='+', type=Path, metavar='IMAGE', help='image file')
    parser.add_argument('--weights', type=Path, help='checkpoint instead of the shipped one')
    parser.add_argument(
        '--classes', type=lambda text: text.split(','), required=True, help='names, by commas'
    )
    parser.add_argument('--out', type=Path, required=True, help='folder for the sheets')
    parser.add_argument(
        '--truth',
        nargs='+',
        type=Path,
        metavar='FILE',
        help="each image's labels: PNG of class ids; values beyond the classes are void",
    )
    parser.add_argument(
        '--batch-size', type=int, default=8, help='images at once; fewer need less memory'
    )
    parser.add_argument('--device', default='auto', help='auto, cpu, cuda, or cuda:N')
    args = parser.parse_args()
    if args.truth and len(args.truth) != len(args.images):
        parser.error(f'{len(args.images)} images, but {len(args.truth)} files of truth')
    return args


@command
def main() -> int:
    """Write all sheets; return 1 if an image cannot be read, or a class is not predicted in it."""
    args = parse()
    checkpoint = load_checkpoint(args.weights or find_weights(next(iter(VARIANTS))))
    labels = checkpoint.labels
    class_ids = [labels.index(name) for name in args.classes]
    device = find_device(args.device)
    cam = ScoreCam(checkpoint, device=device, batch_size=args.batch_size)
    args.out.mkdir(parents=True, exist_ok=True)
    sheets = HeatSheets(args.out, labels, network=checkpoint.config.name)
    names = ResultNames()
    faults = 0
    for path, truth_path in zip(args.images, args.truth or [None] * len(args.images)):
        try:
            image = read_large_image(path)
            truth = read_truth(truth_path, labels, image) if truth_path else None
        except ImageError as error:
            faults += 1
            print(f'skipped: {error}', file=sys.stderr)
            continue
        name = names.take(path.stem)
        if name != path.stem:
            print(f'{path}: the name is taken, the sheets are called {name}', file=sys.stderr)
        watch = partial(tqdm, desc=name, unit='batch')
        explanation = cam.explain(image, class_ids, watch=watch)
        for one in class_ids:
            if (explanation.labels == one).any():
                sheets.write(name, one, image, truth, explanation)
            else:
                faults += 1
                text = f'{path}: no pixel of it is predicted as {labels.classes[one]}'
                print(text, file=sys.stderr)
    return 1 if faults else 0


def read_large_image(path: Path) -> np.ndarray:
    """Return an image, RGB uint8 (H, W, 3); ImageError if it is too small for the network."""
    image = read_image(path)
    try:
        check_image(image)
    except ImageError as error:
        raise ImageError(f'{path}: {error}') from error
    return image


def read_truth(path: Path, labels: LabelSet, image: np.ndarray) -> np.ndarray:
    """Return the labels, uint8 (H, W), of an image.

    :raises ImageError: if they cannot be read, or are not of its size
    """
    code = index_code(len(labels), void=tuple(range(len(labels), 256)))
    try:
        truth = code.labels(code.read(path))
    except DatasetError as error:
        raise ImageError(str(error)) from error
    if truth.shape != image.shape[:2]:
        sizes = ' and '.join(
            f'{width}x{height}' for height, width in (truth.shape, image.shape[:2])
        )
        raise ImageError(f'{path}: truth and image differ in size, {sizes} pixels')
    return truth


class HeatSheets:
    """Writes a sheet for each image and class, and prints what it tells."""

    def __init__(self, path: Path, labels: LabelSet, *, network: str) -> None:
        self._path, self._labels, self._network = path, labels, network
        width_px = sheet_width_px(len(REFINED))
        self._feet = (
            draw_scale(width_px=width_px, text_px=TEXT_PX),
            draw_legend(labels, width_px=width_px, text_px=TEXT_PX),
        )

    def write(
        self,
        stem: str,
        one: int,
        image: np.ndarray,
        truth: np.ndarray | None,
        explanation: Explanation,
    ) -> None:
        """Write the sheet of class ``one``."""
        name, palette = self._labels.classes[one], self._labels.palette
        known = explanation.labels if truth is None else truth
        judged = truth is not None and one in truth
        heats = {stage: of_class[one] for stage, of_class in explanation.heats.items()}
        shares = {stage: heat_inside(heat, known, one) for stage, heat in heats.items()}
        first = [Panel('image', image)]
        if truth is not None:
            first.append(Panel('truth', palette[truth], sharp=True))
        first.append(Panel('prediction', palette[explanation.labels], sharp=True))
        second = []
        for refined, (stage, share) in zip(REFINED, shares.items()):
            caption = f'{stage}, {refined}'
            if share is None:
                caption += ': no heat'
            elif judged:
                caption += f': {share:.1%} of the heat inside'
            second.append(Panel(caption, draw_heat(image, heats[stage], region=known == one)))
        title = f'What speaks for {name} in {stem}: {self._network}, {", ".join(heats)}'
        path = self._path / f'{stem}_{re.sub("[ /]", "_", name)}.png'
        save_image(path, draw_sheet(title, [first, second], feet=self._feet))
        area = float(np.mean(known[known != VOID] == one)) if judged else None
        tell(path, name, shares, area=area)


def heat_inside(heat: np.ndarray, truth: np.ndarray, one: int) -> float | None:
    """Return the share of heat, 0 to 1, on the pixels of class ``one`` among all but void.

    None if there is no heat.
    """
    known = heat[truth != VOID].sum()
    return float(heat[truth == one].sum() / known) if known else None


def tell(path: Path, name: str, shares: Mapping[str, float | None], *, area: float | None) -> None:
    """Print the shares of heat inside a class by stage, beside its area, and what has no heat.

    :param area: the class's share of the pixels; None if the truth does not show it
    """
    if area is not None:
        told = ', '.join(
            f'{stage} no heat' if share is None else f'{stage} {share:.1%}'
            for stage, share in shares.items()
        )
        print(f'{path}: heat inside {name}: {told}; its area {area:.1%}')
    if cold := [stage for stage, share in shares.items() if share is None]:
        print(
            f'{path}: no heat in {", ".join(cold)}: no part of the image speaks for {name} more '
            'than an empty image does'
        )


if __name__ == '__main__':
    sys.exit(main())
