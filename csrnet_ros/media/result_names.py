"""Names for results, of which inputs from several folders may ask for the same one."""


class ResultNames:
    """Gives each name once; whoever asks for it again gets one with a number."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Return ``name``, or what it must be called since another has that name."""
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f'{name}_{number}'
        self._taken.add(free)
        return free
