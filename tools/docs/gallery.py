"""Draw the pictures of docs/gallery.md anew: ``.venv/bin/python tools/docs/gallery.py``.

It takes minutes: what speaks for a class is found by hundreds of runs of the heavy network.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from csrnet_ros.inference import SegmentationEngine, find_weights
from csrnet_ros.labels import CAMVID
from csrnet_ros.media.frames import read_image
from csrnet_ros.media.legend import draw_legend
from csrnet_ros.media.saving import save_image
from csrnet_ros.media.sheet import TEXT_PX, Panel, draw_sheet, sheet_width_px
from csrnet_ros.model import VARIANTS
from csrnet_ros.training.datasets.street import draw_street

GALLERY = Path(__file__).resolve().parents[2] / 'docs' / 'images' / 'gallery'
FRAME, SIZE = 150, {'height_px': 360, 'width_px': 480}
CLASSES = ('car', 'bicyclist')
WIDTH_PX, QUALITY = 1200, 82


def main() -> None:
    """Draw what the networks label, how sure they are, and what speaks for two classes."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    image, truth = draw_street(FRAME, **SIZE)
    found = {name: label(name, image) for name in VARIANTS}
    write('variants', variants_sheet(image, truth, {name: one[0] for name, one in found.items()}))
    write('confidence', confidence_sheet(*found['heavy']))
    for name, sheet in explanations(image, truth).items():
        write(name, sheet)


def label(variant: str, image: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the labels in colour, the overlay and the confidence of a variant's own weights."""
    engine = SegmentationEngine.from_checkpoint(find_weights(variant))
    result = engine.segment(image, color=True, overlay=True, confidence=True)
    assert result.color is not None
    assert result.overlay is not None
    assert result.confidence is not None
    return result.color, result.overlay, result.confidence


def variants_sheet(
    image: np.ndarray, truth: np.ndarray, colors: dict[str, np.ndarray]
) -> np.ndarray:
    """Return image and truth over what the three networks say."""
    first = [Panel('image', image), Panel('truth', CAMVID.palette[truth], sharp=True)]
    second = [Panel(name, color, sharp=True) for name, color in colors.items()]
    legend = draw_legend(CAMVID, width_px=sheet_width_px(3), text_px=TEXT_PX)
    return draw_sheet('A drawn street, labelled', [first, second], feet=[legend])


def confidence_sheet(color: np.ndarray, overlay: np.ndarray, confidence: np.ndarray) -> np.ndarray:
    """Return what the heavy network gives for one image, but for the labels themselves."""
    gray = np.repeat(confidence[..., None], 3, axis=2)
    row = [Panel('color', color, sharp=True), Panel('overlay', overlay), Panel('confidence', gray)]
    return draw_sheet('Outputs of the heavy network', [row])


def explanations(image: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sheets of csrnet-explain for the classes, by name."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        save_image(place / 'street.png', image)
        save_image(place / 'truth.png', truth)
        words = ['--classes', ','.join(CLASSES), '--weights', find_weights('heavy')]
        words += ['--truth', place / 'truth.png', '--out', place]
        command = [sys.executable, '-m', 'csrnet_ros.cli.explain', place / 'street.png', *words]
        subprocess.run([str(word) for word in command], check=True)
        return {name: read_image(place / f'street_{name}.png') for name in CLASSES}


def write(name: str, sheet: np.ndarray) -> None:
    """Write a sheet as a small JPEG."""
    height = round(sheet.shape[0] * WIDTH_PX / sheet.shape[1])
    small = cv2.resize(sheet, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(GALLERY / f'{name}.jpg'), bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


if __name__ == '__main__':
    main()
