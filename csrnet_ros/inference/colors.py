"""Raw images brought to RGB where they lie, by PyTorch on any device.

The counterpart of ``media.encodings``, with the same answers: OpenCV's in whole numbers, so to the
last bit, but for nv24, which OpenCV does not read and where they may be 1 apart.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Conversion = Callable[[Tensor, int], Tensor]
"""From rows of samples, uint8 (rows, samples and padding), and W to RGB uint8 (H, W, 3)."""


def _picked(channels: int, places: tuple[int, int, int]) -> Conversion:
    """Return the conversion of pixels that hold red, green and blue at these places."""

    def convert(rows: Tensor, width: int) -> Tensor:
        pixels = rows[:, : channels * width].unflatten(1, (width, channels))
        if places == tuple(range(channels)):
            return pixels.contiguous()
        # An index of numbers would be a tensor to be copied to the device, which waits for that.
        return torch.stack([pixels[..., place] for place in places], dim=-1)

    return convert


def _mosaic(pattern: str) -> Conversion:
    """Return the conversion of a Bayer mosaic, by the colours of its first two rows.

    What a pixel lacks is the mean of the next samples that have it, halves rounded up; the border
    is the line beside it once more.
    """
    red_row, red_column = divmod(pattern.index('r'), 2)

    def convert(rows: Tensor, width: int) -> Tensor:
        mosaic = rows[:, :width].short()
        own = mosaic[1:-1, 1:-1]
        beside = mosaic[1:-1, :-2] + mosaic[1:-1, 2:]
        above = mosaic[:-2, 1:-1] + mosaic[2:, 1:-1]
        corners = mosaic[:-2, :-2] + mosaic[:-2, 2:] + mosaic[2:, :-2] + mosaic[2:, 2:]
        around = (beside + above + 2) >> 2
        beside, above, corners = (beside + 1) >> 1, (above + 1) >> 1, (corners + 2) >> 2
        rgb = torch.empty((*own.shape, 3), dtype=torch.uint8, device=rows.device)
        red, green, blue = rgb.unbind(-1)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            sites = (slice(row, None, 2), slice(column, None, 2))
            # Within the border the first site is the mosaic's second.
            in_red_row = (row + 1) % 2 == red_row
            of_row, of_column = (red, blue) if in_red_row else (blue, red)
            if in_red_row == ((column + 1) % 2 == red_column):  # a site of red or blue
                sources = own, around, corners
            else:
                sources = beside, own, above
            for target, source in zip((of_row, green, of_column), sources, strict=True):
                target[sites] = source[sites]
        rgb = torch.cat([rgb[:1], rgb, rgb[-1:]])
        return torch.cat([rgb[:, :1], rgb, rgb[:, -1:]], dim=1)

    return convert


_ONE = 20
"""Bits behind the point in the arithmetic of YUV."""

_Y, _RED_V, _GREEN_U, _GREEN_V, _BLUE_U = (
    round(factor * 2**_ONE) for factor in (1.164, 1.596, -0.391, -0.813, 2.018)
)
"""ITU-R BT.601, limited range, to three decimals, as OpenCV has it."""


def _from_yuv(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return planes of Y, U and V, uint8 (H, W), as RGB uint8 (H, W, 3)."""
    bright = (y.int() - 16).clamp(min=0) * _Y + (1 << (_ONE - 1))
    u, v = u.int() - 128, v.int() - 128
    rgb = (bright + _RED_V * v, bright + _GREEN_U * u + _GREEN_V * v, bright + _BLUE_U * u)
    return (torch.stack(rgb, dim=-1) >> _ONE).clamp(0, 255).byte()


def _in_pairs(y: int, u: int, v: int) -> Conversion:
    """Return the conversion of two pixels in four bytes, these the first places of Y, U and V."""

    def convert(rows: Tensor, width: int) -> Tensor:
        def plane(first: int, every: int) -> Tensor:
            return rows[:, first : 2 * width : every]

        return _from_yuv(plane(y, 2), *(_twice(plane(place, 4), dim=1) for place in (u, v)))

    return convert


def _half_planar(u: int, v: int) -> Conversion:
    """Return the conversion of a plane of Y and one of U and V in turn at half its size."""

    def convert(rows: Tensor, width: int) -> Tensor:
        height = len(rows) * 2 // 3
        colors = (rows[height:, place:width:2] for place in (u, v))
        planes = (_twice(_twice(color, dim=0), dim=1) for color in colors)
        return _from_yuv(rows[:height, :width], *planes)

    return convert


def _planar(rows: Tensor, width: int) -> Tensor:
    """Convert a plane of Y and one of U and V in turn, whose rows are twice as long."""
    height = len(rows) // 3
    colors = rows[height:].reshape(height, -1)
    return _from_yuv(
        rows[:height, :width], colors[:, 0 : 2 * width : 2], colors[:, 1 : 2 * width : 2]
    )


def _twice(plane: Tensor, *, dim: int) -> Tensor:
    return plane.repeat_interleave(2, dim=dim)


RGB, BGR, GRAY = (0, 1, 2), (2, 1, 0), (0, 0, 0)

_PLACES = {'rgb': (3, RGB), 'bgr': (3, BGR), 'rgba': (4, RGB), 'bgra': (4, BGR), 'mono': (1, GRAY)}
_PATTERNS = ('rggb', 'bggr', 'gbrg', 'grbg')

CONVERSIONS: dict[str, Conversion] = {
    **{f'{name}{bits}': _picked(*places) for name, places in _PLACES.items() for bits in (8, 16)},
    **{f'bayer_{name}{bits}': _mosaic(name) for name in _PATTERNS for bits in (8, 16)},
    'uyvy': _in_pairs(y=1, u=0, v=2),
    'yuyv': _in_pairs(y=0, u=1, v=3),
    'nv12': _half_planar(u=0, v=1),
    'nv21': _half_planar(u=1, v=0),
    'nv24': _planar,
}
CONVERSIONS['yuv422'] = CONVERSIONS['uyvy']
CONVERSIONS['yuv422_yuy2'] = CONVERSIONS['yuyv']
