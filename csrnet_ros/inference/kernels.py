"""The work before and after the network as one CUDA kernel each, written in Triton.

Bilinear sampling follows PyTorch with ``align_corners=False``: place i of an enlarged axis lies at
``max((i + 0.5) * scale - 0.5, 0)`` of the other, scale being the other's length over its own, all
in single precision. Sizes, strides and scales are not specialised on: no size compiles anew.
"""

import triton
import triton.language as tl

BLOCK = 512
"""Pixels that one program works on."""


@triton.jit
def neighbours(place, scale, length):
    """Return the two neighbours of a place on an axis of ``length``, and the share of the last."""
    real = tl.maximum((place.to(tl.float32) + 0.5) * scale - 0.5, 0.0)
    first = tl.minimum(real.to(tl.int32), length - 1)
    return first, tl.minimum(first + 1, length - 1), real - first.to(tl.float32)


@triton.jit
def sample(plane, top, bottom, left, right, down, across, inside):
    """Return what lies between four neighbours in a plane, float32.

    :param plane: pointer to one channel
    :param top: offset of the row above each place; so are bottom, left and right of theirs
    :param down: share of the row below; so is across of the column on the right
    :param inside: which places are asked for
    """
    top_left = tl.load(plane + top + left, mask=inside, other=0).to(tl.float32)
    top_right = tl.load(plane + top + right, mask=inside, other=0).to(tl.float32)
    bottom_left = tl.load(plane + bottom + left, mask=inside, other=0).to(tl.float32)
    bottom_right = tl.load(plane + bottom + right, mask=inside, other=0).to(tl.float32)
    above = (1 - across) * top_left + across * top_right
    below = (1 - across) * bottom_left + across * bottom_right
    return (1 - down) * above + down * below


@triton.jit
def rounded(value):
    """Return values of 0 to 255 as uint8, halves to the even neighbour, as PyTorch rounds."""
    # From 2**23 on, single precision has whole numbers only.
    return ((value + 8388608.0) - 8388608.0).to(tl.uint8)


@triton.jit(do_not_specialize=['from_height', 'from_width', 'height', 'width'])
def preprocess_kernel(
    image,  # uint8 (from_height, from_width, 3)
    from_height,
    from_width,
    mean,  # (3,)
    std,  # (3,)
    x,  # (height, width, 3), the network's input, channels last
    height,
    width,
    down_scale,
    across_scale,
    block: tl.constexpr,
):
    """Bring an image to the network's size, and normalise it."""
    pixel = tl.program_id(0) * block + tl.arange(0, block)
    inside = pixel < height * width
    top, bottom, down = neighbours(pixel // width, down_scale, from_height)
    left, right, across = neighbours(pixel % width, across_scale, from_width)
    top, bottom = top * from_width * 3, bottom * from_width * 3
    for channel in tl.static_range(3):
        value = sample(image + channel, top, bottom, left * 3, right * 3, down, across, inside)
        value -= tl.load(mean + channel).to(tl.float32)
        value /= tl.load(std + channel).to(tl.float32)
        tl.store(x + pixel * 3 + channel, value.to(x.dtype.element_ty), mask=inside)


@triton.jit(
    do_not_specialize=[
        'channel_stride',
        'row_stride',
        'column_stride',
        'from_height',
        'from_width',
        'height',
        'width',
    ],
    do_not_specialize_on_alignment=['logits'],  # in a batch those of an image begin anywhere
)
def postprocess_kernel(
    logits,  # (channels, from_height, from_width), of any strides
    channel_stride,
    row_stride,
    column_stride,
    from_height,
    from_width,
    image,  # uint8 (height, width, 3), as color and overlay are
    palette,  # uint8 (256, 3)
    height,
    width,
    down_scale,
    across_scale,
    opacity,
    labels,  # uint8 (height, width), as confidence is
    confidence,  # None if not asked for, as color and overlay are
    color,
    overlay,
    channels: tl.constexpr,
    block: tl.constexpr,
):
    """Enlarge the logits, and find the largest of each pixel with what is asked for besides."""
    pixel = tl.program_id(0) * block + tl.arange(0, block)
    inside = pixel < height * width
    top, bottom, down = neighbours(pixel // width, down_scale, from_height)
    left, right, across = neighbours(pixel % width, across_scale, from_width)
    top, bottom = top * row_stride, bottom * row_stride
    left, right = left * column_stride, right * column_stride

    best = sample(logits, top, bottom, left, right, down, across, inside)
    label = tl.full((block,), 0, tl.int32)
    # Of e to the power of each logit less the best so far.
    total = tl.full((block,), 1, tl.float32)
    for channel in range(1, channels):
        logits += channel_stride
        value = sample(logits, top, bottom, left, right, down, across, inside)
        better = value > best  # among equals the first stays
        if confidence is not None:
            less = tl.exp(-tl.abs(value - best))
            total = tl.where(better, total * less + 1, total + less)
        label = tl.where(better, channel, label)
        best = tl.maximum(best, value)

    tl.store(labels + pixel, label.to(tl.uint8), mask=inside)
    if confidence is not None:
        tl.store(confidence + pixel, rounded(255 / total), mask=inside)
    if color is not None or overlay is not None:
        for channel in tl.static_range(3):
            place = pixel * 3 + channel
            shade = tl.load(palette + label * 3 + channel)
            if color is not None:
                tl.store(color + place, shade, mask=inside)
            if overlay is not None:
                under = tl.load(image + place, mask=inside, other=0).to(tl.float32)
                mixed = under + opacity * (shade.to(tl.float32) - under)
                tl.store(overlay + place, rounded(mixed), mask=inside)
