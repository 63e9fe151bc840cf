"""What the paper measured, as facts to set our figures beside.

J.-J. Xiong et al., "CSRNet: Cascaded Selective Resolution Network for Real-time Semantic
Segmentation": Table 2 (CamVid test, 960x720; times on the GPU named) and Table 3 (Cityscapes val,
1024x2048, GTX 1080Ti).
"""

from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class CamVidRow:
    """A row of Table 2.

    :param miou: percent, on CamVid test
    :param rate_hz: frames per second, scaled by the paper to a GTX 1080Ti ("FPS norm")
    """

    method: str
    miou: float
    rate_hz: float


# SwiftNet has no time in the table, and so no row here.
TABLE_2 = (
    CamVidRow('ENet', 51.3, 59.4),
    CamVidRow('ICNet', 67.1, 45.6),
    CamVidRow('BiSeNet-X', 65.6, 156.3),
    CamVidRow('BiSeNet-R', 68.7, 103.8),
    CamVidRow('DFANet-A', 64.7, 116.5),
    CamVidRow('DFANet-B', 59.3, 155.3),
    CamVidRow('FANet-18', 69.0, 149.5),
    CamVidRow('LBN', 68.0, 38.2),
    CamVidRow('GAS', 72.8, 136.7),
    CamVidRow('SFNet', 73.8, 35.5),
    CamVidRow('RGPNet', 66.9, 65.8),
    CamVidRow('DCNet', 66.2, 121.2),
    CamVidRow('DSANet', 69.9, 75.3),
    CamVidRow('CSRNet-light', 73.7, 78.4),
    CamVidRow('CSRNet-medium', 74.0, 73.5),
    CamVidRow('CSRNet-heavy', 74.5, 46.4),
)

TABLE_3_MS = MappingProxyType(
    {
        1: 16.6,
        2: 23.3,
        3: 27.5,
        4: 25.7,
        5: 15.3,
        6: 20.9,
        7: 24.1,
        8: 24.9,
        9: 19.0,
        10: 17.4,
        11: 17.5,
        12: 18.0,
        13: 17.9,
        14: 16.2,
        15: 16.6,
        16: 17.0,
    }
)
"""Milliseconds of a frame, by the number of the experiment; ``ABLATIONS`` has its network."""

HEAVY = 3
"""The experiment that the others are compared with."""
