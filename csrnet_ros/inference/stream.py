"""One result after the other, while the device works on the next frame."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Generic, NoReturn, TypeVar

Image = TypeVar('Image')
Result = TypeVar('Result')


class Stream(Generic[Image, Result]):
    """An iterator over the results of images, in their order.

    An error is raised in the turn of the image that it is about, and of that one only: who catches
    it can go on with ``next``.

    :param images: taken ``ahead`` images before their turn
    :param begin: starts the work on an image, and returns the function that waits for the result
    :param ahead: how many images are begun beyond the one waited for
    """

    def __init__(
        self,
        images: Iterable[Image],
        *,
        begin: Callable[[Image], Callable[[], Result]],
        ahead: int,
    ) -> None:
        self._images = iter(images)
        self._begin = begin
        self._ahead = ahead
        self._begun: deque[Callable[[], Result]] = deque()

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        while len(self._begun) <= self._ahead:
            try:
                self._begun.append(self._begin(next(self._images)))
            except StopIteration:
                break
            except Exception as error:  # whatever it is, those before it come first
                self._begun.append(partial(_raise, error))
        if not self._begun:
            raise StopIteration
        return self._begun.popleft()()


def _raise(error: Exception) -> NoReturn:
    raise error
