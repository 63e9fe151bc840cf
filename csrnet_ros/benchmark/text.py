"""Tables that read well on a terminal and in Markdown."""

from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns: text to the left, figures to the right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(map(_is_figure, column[1:])) for column in columns]
    rule = [
        '-' * (width - 1) + (':' if figures else '-')
        for width, figures in zip(widths, right, strict=True)
    ]
    lines = [_line(row, widths, right) for row in (header, *rows)]
    return '\n'.join([lines[0], _line(rule, widths, right), *lines[1:]])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = (
        cell.rjust(width) if figures else cell.ljust(width)
        for cell, width, figures in zip(cells, widths, right, strict=True)
    )
    return f'| {" | ".join(aligned)} |'


def _is_figure(cell: str) -> bool:
    return cell[:1].isdigit() or cell in ('', 'not run')
