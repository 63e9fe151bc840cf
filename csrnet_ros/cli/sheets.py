"""The comparison sheets of csrnet-eval: networks side by side, against the truth."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from csrnet_ros.cli.networks import NamedNetwork
from csrnet_ros.media.legend import draw_legend
from csrnet_ros.media.saving import save_image
from csrnet_ros.media.sheet import TEXT_PX, Panel, draw_sheet, sheet_width_px
from csrnet_ros.training.crops import Crop, CropFinder
from csrnet_ros.training.evaluate import Evaluator, Outcome
from csrnet_ros.training.look_alikes import look_alikes
from csrnet_ros.training.objects import Window
from csrnet_ros.training.scores import Scores, wrong_share

IMAGES = 5
"""Most rows of the sheet of whole images."""

CROPS = 4
"""Most rows of a sheet of crops."""

WHOLE: Window = (slice(None), slice(None))


def write_sheets(
    folder: Path,
    networks: Sequence[NamedNetwork],
    evaluator: Evaluator,
    scores: Scores,
    crops: CropFinder,
) -> None:
    """Write images.png, as the paper's Figure 8, and thin, dominant and similar.png, as its 9.

    The whole images are spread evenly over the data, the crops are those of ``crops``. All of
    them are labelled again here, since no pixels were kept.
    """
    sheets = SheetFolder(folder, [network.name for network in networks], evaluator)
    sheets.write_images()
    pairs = look_alikes([score.overall for score in scores.networks])
    for name, title, chosen in (
        ('thin', 'Thin objects', crops.thin()),
        ('dominant', 'Dominant objects', crops.dominant()),
        ('similar', 'Look-alike classes', crops.similar(pairs)),
    ):
        if chosen:
            sheets.write_crops(name, title, chosen[:CROPS])
        else:
            print(f'{folder}: no sheet {name}.png: the networks differ on no such object')


class SheetFolder:
    """Writes sheets of an image a row: the image, its truth, and each network's labels."""

    def __init__(self, path: Path, names: Sequence[str], evaluator: Evaluator) -> None:
        self._path, self._names, self._evaluator = path, names, evaluator
        self._data = evaluator.data
        width_px = sheet_width_px(2 + len(names))
        self._legend = draw_legend(self._data.labels, width_px=width_px, text_px=TEXT_PX)

    def write_images(self) -> None:
        """Write the sheet of whole images."""
        rows = []
        count = min(IMAGES, len(self._data))
        for index in np.linspace(0, len(self._data) - 1, count).round().astype(int).tolist():
            outcome = self._evaluator.outcome(index)
            figures = [_right(outcome.truth, labels) for labels in outcome.predictions]
            rows.append(self._row(outcome, WHOLE, 'truth', figures))
        self._write('images', f'{self._data.name}: images spread evenly over it', rows)

    def write_crops(self, name: str, title: str, crops: Sequence[Crop]) -> None:
        """Write a sheet of crops."""
        classes, rows = self._data.labels.classes, []
        for crop in crops:
            one = classes[crop.class_id]
            mistaken = '' if crop.other is None else f', mistaken most for {classes[crop.other]}'
            figures = [f'IoU of {one} {iou:.1f} %' for iou in crop.iou]
            outcome = self._evaluator.outcome(crop.index)
            rows.append(self._row(outcome, crop.window, f'truth: {one}{mistaken}', figures))
        title = f'{title} in {self._data.name}, where the networks differ most, with the IoU there'
        self._write(name, title, rows)

    def _row(
        self, outcome: Outcome, window: Window, truth: str, figures: Sequence[str]
    ) -> list[Panel]:
        palette = self._data.labels.palette
        stem = self._data.pairs[outcome.index].image.stem
        row = [
            Panel(stem, outcome.image[window]),
            Panel(truth, palette[outcome.truth[window]], sharp=True),
        ]
        for name, figure, labels in zip(self._names, figures, outcome.predictions, strict=True):
            row.append(Panel(f'{name}: {figure}', palette[labels[window]], sharp=True))
        return row

    def _write(self, name: str, title: str, rows: Sequence[Sequence[Panel]]) -> None:
        path = self._path / f'{name}.png'
        save_image(path, draw_sheet(title, rows, feet=[self._legend]))
        print(f'look at {path}')


def _right(truth: np.ndarray, predicted: np.ndarray) -> str:
    wrong = wrong_share(truth, predicted)
    return 'all is void' if math.isnan(wrong) else f'{1 - wrong:.1%} of the pixels right'
