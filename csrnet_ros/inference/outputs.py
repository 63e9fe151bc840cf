"""What a segmented frame can be given out as."""

from types import MappingProxyType

OUTPUTS = MappingProxyType(
    {
        'label': ('labels', 'mono8'),
        'color': ('color', 'rgb8'),
        'overlay': ('overlay', 'rgb8'),
        'confidence': ('confidence', 'mono8'),
    }
)
"""By the name of its topic: the field of ``Segmentation``, and the encoding of the image."""
