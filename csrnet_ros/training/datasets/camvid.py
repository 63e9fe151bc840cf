"""CamVid in the layout of the SegNet tutorial: 11 merged classes and void.

``root`` holds the folders ``train val test`` and ``trainannot valannot testannot`` and the lists
``train.txt val.txt test.txt``. A line of a list names an image and its labels; only the stem of
the image's name counts, since the lists in use carry foreign folders and endings. Labels are
single-channel PNG, 0 to 10 the classes, 11 void.
"""

from pathlib import Path

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CAMVID
from csrnet_ros.training.datasets.files import FileDataset, Pair, train_id_table

SPLITS = {'train': ('train',), 'val': ('val',), 'test': ('test',), 'trainval': ('train', 'val')}
"""The lists that make up each split; the paper trains on train and val together."""

IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg')


def camvid(root: Path | str, split: str) -> FileDataset:
    """Return CamVid's ``split``: train, val, test, or trainval for train and val together.

    :raises ValueError: if there is no such split
    :raises DatasetError: if a list, an image or a label file is missing; all of them are named
    """
    if split not in SPLITS:
        raise ValueError(f'CamVid has no split {split!r}; choose from {", ".join(SPLITS)}')
    root = Path(root)
    pairs = tuple(pair for part in SPLITS[split] for pair in _pairs(root, part))
    return FileDataset(
        name=f'CamVid {split}, SegNet labels',
        labels=CAMVID,
        pairs=pairs,
        train_ids=train_id_table({value: value for value in range(len(CAMVID))}),
    )


def _pairs(root: Path, part: str) -> list[Pair]:
    listing = root / f'{part}.txt'
    if not listing.is_file():
        raise DatasetError(
            f'{listing}: no such file; the root of CamVid in the SegNet layout holds '
            'train.txt, val.txt and test.txt'
        )
    stems = [Path(line.split()[0]).stem for line in listing.read_text().splitlines() if line]
    images = {path.stem: path for path in _images(root / part)}
    pairs = [
        Pair(images.get(stem, root / part / f'{stem}.png'), root / f'{part}annot' / f'{stem}.png')
        for stem in stems
    ]
    missing = [path for pair in pairs for path in (pair.image, pair.label) if not path.is_file()]
    if missing:
        names = ', '.join(str(path) for path in missing[:5])
        more = f' and {len(missing) - 5} more' if len(missing) > 5 else ''
        raise DatasetError(f'{listing} names files that do not exist: {names}{more}')
    return pairs


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(f'{folder}: no such folder of images')
    return [path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES]
