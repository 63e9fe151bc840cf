"""Your own data: a folder of images, a folder of masks, and one YAML file of classes.

The YAML file, ``classes.yaml`` in the root or any file given as the root, looks like this::

    name: yard                  # what reports and weights call the data
    masks: index                # index: numbers, in PNG of one channel or with a palette, of 1 to
                                # 8 bits; color: RGB
    classes:                    # 2 to 255, in the order of their ids
      - name: ground
        color: [128, 64, 128]   # to draw it with; one is chosen where there is none
      - name: vehicle
        values: [1, 2]          # what stands for it in the masks
    void: [255]                 # values that belong to no class

All but ``name`` and ``classes`` can be left out. In index masks the value of a class is by
default its place in the list, from 0, and void is 255. In colour masks values are written
``[red, green, blue]``; that of a class is by default its colour, and there is no void. A value
that the file does not name is a fault. Further keys are ``images`` and ``labels``, the two
folders as seen from the YAML file, by default of these names, and ``size_px: [height, width]`` to
bring all images and masks to one size.

An image and its mask have the same name but for the ending. The files of the split ``train`` are
those in ``images/train`` and ``labels/train``; if there is a list ``train.txt`` beside the YAML
file, only those that it names line by line, which may then be in ``images`` and ``labels``
themselves. ``val`` and ``test`` likewise, and ``trainval`` is train and val together.
"""

from pathlib import Path
from typing import Any

import yaml

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import VOID, LabelSet, distinct_colors
from csrnet_ros.training.datasets.files import (
    FileDataset,
    Pair,
    by_stem,
    listed_stems,
    parts_of,
)
from csrnet_ros.training.datasets.masks import MaskCode, color_value

FILE = 'classes.yaml'
KEYS = ('name', 'masks', 'classes', 'void', 'images', 'labels', 'size_px')
CLASS_KEYS = ('name', 'color', 'values')


def folder(root: Path | str, split: str) -> FileDataset:
    """Return a split of the data set that a YAML file describes.

    :param root: the YAML file, or the folder that holds it as ``classes.yaml``
    :raises ValueError: if there is no such split
    :raises DatasetError: if the YAML file or a folder is missing or not as described above
    """
    file = Path(root) / FILE if Path(root).is_dir() else Path(root)
    parts = parts_of(split, data=str(root))
    document = _load(file)
    try:
        labels, code = _classes(document)
        size_px = _size(document.get('size_px'))
        images, masks = (
            file.parent / _text(document.get(key, key)) for key in ('images', 'labels')
        )
    except ValueError as error:
        raise DatasetError(f'{file}: {error}') from error
    return FileDataset(
        name=f'{labels.name} {split}',
        labels=labels,
        pairs=tuple(pair for part in parts for pair in _pairs(file, images, masks, part)),
        code=code,
        size_px=size_px,
    )


class _Loader(yaml.SafeLoader):
    """Refuses a key given twice, of which others keep the last: it mostly is a forgotten dash."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return what a mapping holds."""
        given: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in given:
                problem = f'{key.value!r} is given twice'
                raise yaml.constructor.ConstructorError(
                    problem=problem, problem_mark=key.start_mark
                )
            given.add(str(key.value))
        return super().construct_mapping(node, deep)


def _load(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise DatasetError(
            f'{file}: no such file; it has to name the classes, see '
            'pydoc csrnet_ros.training.datasets.yaml_folder'
        )
    try:
        document = yaml.load(file.read_text(), _Loader)
        _check_keys(document, KEYS, needed=('name', 'classes'), where='the file')
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DatasetError(f'{file}: not a YAML file ({error})') from error
    except ValueError as error:
        raise DatasetError(f'{file}: {error}') from error
    return document


def _check_keys(
    mapping: Any, known: tuple[str, ...], *, needed: tuple[str, ...], where: str
) -> None:
    if not isinstance(mapping, dict):
        raise ValueError(f'{where} is {mapping!r}, expected keys and values: {", ".join(known)}')
    if unknown := [str(key) for key in mapping if key not in known]:
        raise ValueError(
            f'{where} has unknown keys: {", ".join(unknown)}; known are {", ".join(known)}'
        )
    if missing := [key for key in needed if key not in mapping]:
        raise ValueError(f'{where} lacks {", ".join(missing)}')


def _classes(document: dict[str, Any]) -> tuple[LabelSet, MaskCode]:
    kind = document.get('masks', 'index')
    if kind not in ('index', 'color'):
        raise ValueError(f'masks is {kind!r}; choose index or color')
    rows = document['classes']
    if not isinstance(rows, list):
        raise ValueError(f'classes is {rows!r}, expected a list of classes')
    for number, row in enumerate(rows):
        _check_keys(row, CLASS_KEYS, needed=('name',), where=f'class {number}')
    colors = _colors(rows)
    labels = LabelSet(
        _text(document['name']), tuple(_text(row['name']) for row in rows), tuple(colors)
    )
    values: dict[int, int] = {}
    for number, row in enumerate(rows):
        if kind == 'color' and not {'color', 'values'} & set(row):
            raise ValueError(f'class {row["name"]} has neither color nor values for colour masks')
        own = row.get('values', list(colors[number]) if kind == 'color' else number)
        _claim(values, own, number, color=kind == 'color')
    _claim(values, document.get('void', _default_void(values, kind)), VOID, color=kind == 'color')
    return labels, MaskCode(values, color=kind == 'color')


def _colors(rows: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Return the colours given, and where there is none one that no other class has."""
    given = {number: _color(row['color']) for number, row in enumerate(rows) if 'color' in row}
    free = (color for color in distinct_colors(255) if color not in given.values())
    # They run out beyond 255 classes, which is too many.
    return [given.get(number) or next(free, (0, 0, 0)) for number in range(len(rows))]


def _default_void(values: dict[int, int], kind: str) -> list[int]:
    return [VOID] if kind == 'index' and VOID not in values else []


def _claim(values: dict[int, int], own: Any, label: int, *, color: bool) -> None:
    """Let the values ``own``, one or a list, stand for ``label``."""
    single = not isinstance(own, list) or (color and all(isinstance(x, int) for x in own) and own)
    for written in [own] if single else own:
        value = color_value(_color(written)) if color else _byte(written)
        if value in values:
            raise ValueError(f'the value {written} stands for two classes')
        values[value] = label


def _byte(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 255:
        raise ValueError(f'{value!r} is not a number from 0 to 255')
    return value


def _color(value: Any) -> tuple[int, int, int]:
    if not isinstance(value, (list, tuple)) or len(value) != 3:
        raise ValueError(f'{value!r} is not a colour, [red, green, blue]')
    red, green, blue = map(_byte, value)
    return red, green, blue


def _text(value: Any) -> str:
    """Return a name; YAML takes some for numbers or truth values."""
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a text; put it in quotes')
    return value


def _size(value: Any) -> tuple[int, int] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or any(type(x) is not int for x in value):
        raise ValueError(f'size_px is {value!r}, expected [height, width]')
    from csrnet_ros.model import MIN_SIDE_PX  # and PyTorch, which a drawn street does not need

    height_px, width_px = value
    if min(value) < MIN_SIDE_PX:
        raise ValueError(f'size_px is {value}; both sides must have at least {MIN_SIDE_PX} pixels')
    return height_px, width_px


def _pairs(file: Path, images: Path, masks: Path, part: str) -> list[Pair]:
    listing = file.parent / f'{part}.txt'
    if (images / part).is_dir():
        images, masks = images / part, masks / part
    elif not listing.is_file():
        raise DatasetError(
            f'{file}: no files of the split {part!r}: there is neither a folder {images / part} '
            f'nor a list {listing}'
        )
    found, labels = by_stem(images), by_stem(masks)
    stems = listed_stems(listing) if listing.is_file() else sorted({*found, *labels})
    if not stems:
        raise DatasetError(f'{images}: no images')
    return [
        Pair(found.get(stem, images / f'{stem}.png'), labels.get(stem, masks / f'{stem}.png'))
        for stem in stems
    ]
