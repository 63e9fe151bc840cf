"""A drawing as SVG text: boxes, arrows and words, on white so that it can be read in the dark."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

Point = tuple[float, float]

INK, MUTED = '#1f2933', '#5f6c7b'
LINE_HEIGHT = 1.25


class Drawing:
    """A picture of a size in pixels; y grows downwards.

    :param title: told to those who cannot see it
    """

    def __init__(self, width_px: int, height_px: int, *, title: str) -> None:
        self._size_px = (width_px, height_px)
        self._title = title
        self._parts: list[str] = []

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *lines: str,
        fill: str = '#ffffff',
        dashed: bool = False,
    ) -> None:
        """Draw a box with its top left corner at x, y; the first line in it is bold."""
        dashes = ' stroke-dasharray="5 4"' if dashed else ''
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" '
            f'fill="{fill}" stroke="{INK}" stroke-width="1.3"{dashes}/>'
        )
        size = 14.0
        top = y + height / 2 - (len(lines) - 1) * size * LINE_HEIGHT / 2 + 0.35 * size
        for number, line in enumerate(lines):
            bold = not number
            self.words(
                x + width / 2,
                top + number * size * LINE_HEIGHT,
                line,
                size=size if bold else 12,
                bold=bold,
            )

    def frame(self, x: float, y: float, width: float, height: float, title: str) -> None:
        """Draw a shaded area around what belongs together, with its title inside at the top."""
        self._parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="10" '
            'fill="#f2f5f8" stroke="#c3ccd6"/>'
        )
        self.words(x + width / 2, y + 22, title, size=15, bold=True)

    def arrow(self, *points: Point) -> None:
        """Draw a line through the points, with a head at the last one."""
        path = ' '.join(f'{x:g},{y:g}' for x, y in points)
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{INK}" stroke-width="1.6" '
            'marker-end="url(#head)"/>'
        )

    def words(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        bold: bool = False,
        anchor: str = 'middle',
    ) -> None:
        """Write a line of text on the baseline y."""
        weight = ' font-weight="600"' if bold else ''
        color = INK if bold else MUTED
        self._parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" '
            f'fill="{color}"{weight}>{escape(text)}</text>'
        )

    def svg(self) -> str:
        """Return the drawing as the text of an SVG file."""
        width, height = self._size_px
        return '\n'.join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" height="{height}" role="img" '
                'font-family="system-ui, -apple-system, Segoe UI, Roboto, sans-serif">',
                f'<title>{escape(self._title)}</title>',
                '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" '
                f'markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="{INK}"/>'
                '</marker></defs>',
                f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
                *self._parts,
                '</svg>\n',
            ]
        )


def note(drawing: Drawing, x: float, y: float, lines: Sequence[str]) -> None:
    """Write lines under each other, each beginning at x."""
    for number, line in enumerate(lines):
        drawing.words(x, y + 17 * number, line, anchor='start')
