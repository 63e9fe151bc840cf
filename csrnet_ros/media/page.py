"""A page that tells what was measured: one HTML file that needs nothing from anywhere else."""

import base64
import math
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from csrnet_ros.labels import LabelSet
from csrnet_ros.media.confusion import MANY, draw_confusion
from csrnet_ros.media.paper import fit
from csrnet_ros.media.sheet import Panel

PICTURE_WIDTH_PX = 480
"""Largest width of a picture in the page, which may hold a hundred of them."""

SETTINGS = {
    '.jpg': (cv2.IMWRITE_JPEG_QUALITY, 80),
    '.png': (cv2.IMWRITE_PNG_COMPRESSION, 9),
}
"""How the formats are to be written."""


@dataclass(frozen=True, slots=True)
class PageNetwork:
    """What a page tells of a network; figures are in percent, NaN where there is none.

    :param name: what tells it from the others
    :param iou: by class
    :param boundary_miou: mIoU near label boundaries, by the radius in pixels
    :param confusion: pixels, int (num_classes, num_classes), true class by predicted class
    :param provenance: where the weights come from, by what
    """

    name: str
    miou: float
    pixel_accuracy: float
    iou: Sequence[float]
    boundary_miou: Mapping[int, float]
    confusion: np.ndarray
    provenance: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageImage:
    """The pictures that a page shows under an image's name."""

    name: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Page:
    """All that a page tells.

    :param title: what was measured on what
    :param origin: how the figures came about
    :param labels: the classes
    :param boundary_shares: percent of the pixels that are near label boundaries, by the radius
    :param worst: the images to show, worst first
    """

    title: str
    origin: str
    labels: LabelSet
    networks: Sequence[PageNetwork]
    boundary_shares: Mapping[int, float]
    worst: Sequence[PageImage]


def render_page(page: Page) -> str:
    """Return the page as HTML, a few MB at most.

    It holds its pictures and its styles and runs no script; a policy in it forbids the browser
    to load anything else.
    """
    environment = Environment(
        loader=PackageLoader('csrnet_ros.media', '.'),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        'confusion': partial(_confusion_uri, page.labels),
        'percent': _percent,
        'shares': _shares,
        'uri': _panel_uri,
    }
    return environment.get_template('page.html').render(page=page, many=len(page.labels) >= MANY)


def _percent(value: float) -> str:
    return '–' if math.isnan(value) else f'{value:.1f}'


def _shares(counts: np.ndarray) -> list[list[float]]:
    """Return each row's shares of its sum, in percent; 0 where there is no pixel."""
    totals = counts.sum(1, keepdims=True)
    return np.divide(100 * counts, totals, out=np.zeros(counts.shape), where=totals > 0).tolist()


def _confusion_uri(labels: LabelSet, network: PageNetwork) -> str:
    return _uri(draw_confusion(network.confusion, labels, title=network.name), '.png')


def _panel_uri(panel: Panel) -> str:
    picture = panel.picture
    height_px, width_px = picture.shape[:2]
    if width_px > PICTURE_WIDTH_PX:
        size = round(height_px * PICTURE_WIDTH_PX / width_px), PICTURE_WIDTH_PX
        picture = fit(picture, size, sharp=panel.sharp)
    return _uri(picture, '.png' if panel.sharp else '.jpg')


def _uri(picture: np.ndarray, suffix: str) -> str:
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), SETTINGS[suffix])
    content = base64.b64encode(encoded.tobytes()).decode()
    return f'data:{mimetypes.types_map[suffix]};base64,{content}'
