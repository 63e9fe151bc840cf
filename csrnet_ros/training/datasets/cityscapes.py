"""Cityscapes through torchvision: fine labels, the 19 classes of the benchmark.

``root`` holds the folders ``leftImg8bit`` and ``gtFine``, or the two zip files of the same
content, which torchvision then unpacks. Label files are the labelIds; ids that the benchmark
leaves out are void. torchvision is imported when it is needed: not everyone has it, and it takes a
second, since it brings PyTorch's compiler along.
"""

from pathlib import Path
from types import MappingProxyType
from typing import Any

from csrnet_ros.errors import DatasetError
from csrnet_ros.extras import load_extra
from csrnet_ros.labels import CITYSCAPES, VOID
from csrnet_ros.training.datasets.files import FileDataset, Pair, parts_of
from csrnet_ros.training.datasets.masks import MaskCode

LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
"""The labelId of each class."""

TRAIN_IDS = MappingProxyType(
    dict.fromkeys(range(34), VOID) | {id_: label for label, id_ in enumerate(LABEL_IDS)}
)
"""The class of each labelId, 255 for void; the licence plate's -1 is in no file."""


def cityscapes(root: Path | str, split: str) -> FileDataset:
    """Return Cityscapes' ``split``: train, val, test, or trainval for train and val together.

    The labels of test are kept back, and all void: it can be predicted, but not measured.

    :raises ValueError: if there is no such split
    :raises DatasetError: if a folder is missing
    :raises MissingPackageError: if torchvision is not installed
    """
    parts = parts_of(split, data='Cityscapes')
    return FileDataset(
        name=f'Cityscapes {split}',
        labels=CITYSCAPES,
        pairs=tuple(pair for part in parts for pair in _pairs(Path(root), part)),
        code=MaskCode(TRAIN_IDS),
        prediction_values=LABEL_IDS,
    )


def _pairs(root: Path, part: str) -> list[Pair]:
    torchvision: Any = load_extra('torchvision.datasets', package='torchvision')
    try:
        found = torchvision.Cityscapes(str(root), split=part, mode='fine', target_type='semantic')
    except (RuntimeError, OSError) as error:
        raise DatasetError(
            f'{root}: not the root of Cityscapes ({error}); it holds leftImg8bit/{part}/CITY/ '
            f'with *_leftImg8bit.png and gtFine/{part}/CITY/ with *_gtFine_labelIds.png'
        ) from error
    if not found.images:
        raise DatasetError(f'{found.images_dir}: no images')
    # The file system's order is nobody's.
    files = sorted(zip(found.images, found.targets, strict=True))
    return [Pair(Path(image), Path(targets[0])) for image, targets in files]
