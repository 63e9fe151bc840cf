"""What the run found: figures, and promises that were kept or broken."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; ``promise`` may be empty."""

    what: str
    value: str
    promise: str = ''
    kept: bool = True


@dataclass(slots=True)
class Report:
    """The figures so far."""

    figures: list[Figure] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """A sentence for each promise that was not kept."""

    def add(self, what: str, value: str, *, promise: str = '', kept: bool = True) -> None:
        """Add a figure and whether it keeps what was promised of it."""
        self.figures.append(Figure(what, value, promise, kept))
        if not kept:
            self.broken.append(f'{what}: {value}; promised was: {promise}')

    def table(self) -> str:
        """Return the figures as lines of text."""
        rows = [('figure', 'measured', 'promised')]
        for figure in self.figures:
            verdict = '' if figure.kept else '  BROKEN'
            rows.append((figure.what, figure.value, figure.promise + verdict))
        widths = [max(map(len, column)) for column in zip(*rows)]
        return '\n'.join(
            '  '.join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in rows
        )
