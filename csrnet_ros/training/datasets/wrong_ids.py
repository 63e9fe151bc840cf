"""Recognises labels of another numbering, and says what they are and what to do."""

from collections.abc import Iterator

from csrnet_ros.errors import DatasetError
from csrnet_ros.labels import CAMVID, CITYSCAPES, VOID
from csrnet_ros.training.datasets.camvid_original import ORIGINAL
from csrnet_ros.training.datasets.cityscapes import LABEL_IDS, TRAIN_IDS
from csrnet_ros.training.datasets.files import FileDataset

TRAIN_ID_COUNT = len(CITYSCAPES)


def explain(data: FileDataset, found: set[int]) -> list[str]:
    """Return what the values of all label files together, ``found``, say of their numbering."""
    guesses = _of_colors if data.code.color else _of_ids
    return list(guesses(data, found, found - set(data.code.classes)))


def unseen(data: FileDataset, found: set[int]) -> str:
    """Return a warning about classes that no label holds; empty if there is none.

    :param found: the values of all label files together
    :raises DatasetError: if they hold no class at all
    """
    classes = data.code.classes
    seen = {classes[value] for value in found}
    names = [name for number, name in enumerate(data.labels.classes) if number not in seen]
    void = sorted(value for value in found if classes[value] == VOID)
    stands = f'; {data.code.describe(void)} stand for void, as the data set has it' if void else ''
    if len(names) == len(data.labels):
        raise DatasetError(f'{data.name}: no label holds any class{stands}')
    if not names:
        return ''
    return (
        f'{data.name}: no label holds, and so a network cannot learn: {", ".join(names)}{stands}'
    )


def _of_colors(data: FileDataset, found: set[int], unknown: set[int]) -> Iterator[str]:
    swapped = {(v & 255) << 16 | v & 0xFF00 | v >> 16 for v in unknown}
    if unknown and swapped <= set(data.code.classes):
        yield 'with red and blue exchanged all these colours are known: save the labels as RGB'


def _of_ids(data: FileDataset, found: set[int], unknown: set[int]) -> Iterator[str]:
    if data.labels == CITYSCAPES and set(data.code.classes) == set(TRAIN_IDS):
        yield from _of_label_ids(found, unknown)
    elif unknown:
        yield from _of_class_ids(data, found, unknown)


def _of_label_ids(found: set[int], unknown: set[int]) -> Iterator[str]:
    # Those before the first class: unlabelled, ego vehicle and the like.
    no_class = set(range(min(LABEL_IDS)))
    if (VOID in unknown or max(found, default=0) < TRAIN_ID_COUNT) and not found <= no_class:
        yield (
            f'these look like Cityscapes trainIds (0 to {TRAIN_ID_COUNT - 1} and {VOID}) '
            f'where labelIds (0 to {len(TRAIN_IDS) - 1}) are expected: use the '
            '*_gtFine_labelIds.png files as they came'
        )


def _of_class_ids(data: FileDataset, found: set[int], unknown: set[int]) -> Iterator[str]:
    count = len(data.labels)
    if unknown == {count} and 0 not in found:
        yield f'these ids seem to count from 1: subtract 1, so that they run to {count - 1}'
    elif count == TRAIN_ID_COUNT and found <= {*TRAIN_IDS, VOID}:
        yield (
            f'these look like Cityscapes labelIds (0 to {len(TRAIN_IDS) - 1}) where trainIds '
            f'(0 to {TRAIN_ID_COUNT - 1}) are expected: read them with --data cityscapes, or '
            'make *_gtFine_labelTrainIds.png files with cityscapesScripts'
        )
    elif data.labels == CAMVID and max(unknown) < len(ORIGINAL) and unknown != {count}:
        yield (
            f"these look like CamVid's {len(ORIGINAL)} original classes where {count} are "
            'expected: read the colour labels with --data camvid-original-segnet'
        )
    elif unknown == {count}:
        yield (
            f'there is one id more than the {count} classes: if {count} is void, as in CamVid '
            f'with 11 classes, list it under void; if it is a class, or 0 is void, say so under '
            'classes'
        )
    elif unknown == {VOID}:
        yield f'{VOID} commonly is void: list it under void'
