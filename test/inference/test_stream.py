"""Results in the order of their images, though the next ones are already begun."""

from collections.abc import Callable

import pytest

from csrnet_ros.errors import ImageError
from csrnet_ros.inference.stream import Stream


def test_an_error_comes_in_the_turn_of_its_image_and_the_others_still_follow() -> None:
    begun: list[int] = []

    def begin(image: int) -> Callable[[], int]:
        begun.append(image)
        if image == 1:
            raise ImageError('image 1 is none')
        return lambda: 10 * image

    stream = Stream(range(5), begin=begin, ahead=2)
    assert next(stream) == 0
    assert begun == [0, 1, 2]
    with pytest.raises(ImageError, match='image 1 is none'):
        next(stream)
    assert list(stream) == [20, 30, 40]
