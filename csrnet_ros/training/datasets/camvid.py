"""CamVid in the layout of the SegNet tutorial: 11 merged classes and void.

``root`` holds the folders ``train val test`` and ``trainannot valannot testannot`` and the lists
``train.txt val.txt test.txt``. A line of a list names an image and its labels; only the stem of
the image's name counts, since the lists in use carry foreign folders and endings. Labels are
single-channel PNG, 0 to 10 the classes, 11 void (255 is void, too).
"""

from pathlib import Path

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CAMVID, VOID
from csrnet_ros.training.datasets.files import (
    FileDataset,
    Pair,
    by_stem,
    listed_stems,
    parts_of,
)
from csrnet_ros.training.datasets.masks import index_code


def camvid(root: Path | str, split: str) -> FileDataset:
    """Return CamVid's ``split``: train, val, test, or trainval for train and val together.

    :raises ValueError: if there is no such split
    :raises DatasetError: if a list or a folder is missing
    """
    root = Path(root)
    parts = parts_of(split, data='CamVid')
    return FileDataset(
        name=f'CamVid {split}, SegNet labels',
        labels=CAMVID,
        pairs=tuple(pair for part in parts for pair in _pairs(root, part)),
        code=index_code(len(CAMVID), void=(len(CAMVID), VOID)),
    )


def _pairs(root: Path, part: str) -> list[Pair]:
    listing = root / f'{part}.txt'
    if not listing.is_file():
        raise DatasetError(
            f'{listing}: no such file; the root of CamVid in the SegNet layout holds '
            'train.txt, val.txt and test.txt'
        )
    images = by_stem(root / part)
    return [
        Pair(images.get(stem, root / part / f'{stem}.png'), root / f'{part}annot' / f'{stem}.png')
        for stem in listed_stems(listing)
    ]
