"""The one size that all images of a training set must have."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from csrnet_ros.errors import DatasetError
from csrnet_ros.training.datasets import FileDataset


def odd_sizes(data: FileDataset, indices: Sequence[int]) -> list[str]:
    """Return what to say of the pairs whose size is not the usual one, from files' headers.

    :raises DatasetError: if a file is missing or no image
    """
    with ThreadPoolExecutor() as pool:
        sizes = dict(zip(indices, pool.map(data.size, indices), strict=True))
    if not sizes:
        return []
    (usual, _), *_ = Counter(sizes.values()).most_common()
    return [odd_size(data, index, size, usual) for index, size in sizes.items() if size != usual]


def odd_size(data: FileDataset, index: int, found: tuple[int, ...], usual: tuple[int, int]) -> str:
    """Return what to say of an image whose size, (height, width), is not that of the others."""
    return (
        f'{data.pairs[index].image}: {found[0]}x{found[1]} pixels, but the others have '
        f'{usual[0]}x{usual[1]}; bring them to one size (size_px in classes.yaml does so)'
    )


def common_size(data: FileDataset) -> tuple[int, int]:
    """Return height and width of all images; of the files no more than the headers are read.

    :raises DatasetError: naming the images of another size than most
    """
    if faults := odd_sizes(data, range(len(data))):
        raise DatasetError('\n'.join(faults))
    return data.size(0)
