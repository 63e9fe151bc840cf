"""The networks by name: the paper's three variants and its sixteen ablations, as rows of data."""

from dataclasses import dataclass, replace
from types import MappingProxyType

BACKBONE_CHANNELS = MappingProxyType({4: 64, 8: 128, 16: 256, 32: 512})
"""Channels of RB-1 to RB-4, by the stride of the map (section 3.2)."""

Stage = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CSRNetConfig:
    """What tells one CSRNet from another.

    :param name: the name it is found by
    :param stages: for each stage, first to last, the strides that its SRMs refine to, coarse to
        fine; a stage starts with the context module at twice its first stride (Figures 4 and 7)
    :param spfm: context by the SPFM; without it by one 1x1 convolution (Table 3, #4, #10, #14)
    :param attention: SRMs weigh their two inputs; without, they add them (Table 3, #5, #6, ...)
    :param pointwise: SRMs end in a 1x1 and a 3x3 convolution; without, in the 3x3 alone (#8, ...)
    :param channels: width c of every map outside the backbone, at least 3
    :raises ValueError: if the stages do not lead from stride 32 to finer ones
    """

    name: str
    stages: tuple[Stage, ...]
    spfm: bool = True
    attention: bool = True
    pointwise: bool = True
    channels: int = 128

    def __post_init__(self) -> None:
        if self.channels < 3:
            raise ValueError(f'channels is {self.channels}; the SPFM needs at least 3')
        if not 1 <= len(self.stages) <= 3:
            raise ValueError(f'{len(self.stages)} stages; 1 to 3 are possible')
        for number, (stage, start) in enumerate(zip(self.stages, (32, 16, 8), strict=False), 1):
            if not stage or stage != tuple(start >> (1 + i) for i in range(len(stage))):
                raise ValueError(
                    f'stage {number} refines to strides {stage}; '
                    f'expected {start // 2}, then half of that each time'
                )
            if stage[-1] < 4:
                raise ValueError(f'stage {number} refines to stride {stage[-1]}; the finest is 4')


_HEAVY = CSRNetConfig('heavy', stages=((16, 8, 4), (8, 4), (4,)))
_MEDIUM = replace(_HEAVY, name='medium', stages=((16, 8), (8,), (4,)))
_LIGHT = replace(_HEAVY, name='light', stages=((16,), (8,), (4,)))
_HEAVY_LOW = replace(_HEAVY, name='heavy-low-refined', stages=_HEAVY.stages[:1])
_HEAVY_MID = replace(_HEAVY, name='heavy-mid-refined', stages=_HEAVY.stages[:2])

# Section 3.5; mIoU in % on Cityscapes val / test and on CamVid test (Tables 1 and 2).
VARIANTS = MappingProxyType(
    {
        'light': _LIGHT,  # 76.1 / 74.0, 73.7
        'medium': _MEDIUM,  # 76.6 / 75.3, 74.0
        'heavy': _HEAVY,  # 77.3 / 76.0, 74.5
    }
)

# Table 3; mIoU in % on Cityscapes val.
ABLATIONS = MappingProxyType(
    {
        1: _HEAVY_LOW,  # 75.95
        2: _HEAVY_MID,  # 76.63
        3: _HEAVY,  # 77.33
        4: replace(_HEAVY, name='heavy-without-spfm', spfm=False),  # 75.67
        5: replace(
            _HEAVY_LOW, name='heavy-low-refined-without-attention', attention=False
        ),  # 75.71
        6: replace(
            _HEAVY_MID, name='heavy-mid-refined-without-attention', attention=False
        ),  # 76.06
        7: replace(_HEAVY, name='heavy-without-attention', attention=False),  # 76.17
        8: replace(_HEAVY, name='heavy-without-pointwise', pointwise=False),  # 76.32
        9: _MEDIUM,  # 76.55
        10: replace(_MEDIUM, name='medium-without-spfm', spfm=False),  # 75.32
        11: replace(_MEDIUM, name='medium-without-attention', attention=False),  # 75.86
        12: replace(_MEDIUM, name='medium-without-pointwise', pointwise=False),  # 76.05
        13: _LIGHT,  # 76.11
        14: replace(_LIGHT, name='light-without-spfm', spfm=False),  # 74.89
        15: replace(_LIGHT, name='light-without-attention', attention=False),  # 75.54
        16: replace(_LIGHT, name='light-without-pointwise', pointwise=False),  # 75.59
    }
)

CONFIGS = MappingProxyType(
    {config.name: config for config in (*VARIANTS.values(), *ABLATIONS.values())}
)
"""Every network of both tables by its name."""


def find_config(name: str) -> CSRNetConfig:
    """Return the network called ``name``; ValueError lists the valid names if there is none."""
    if name not in CONFIGS:
        raise ValueError(f'no network is called {name!r}; choose from {", ".join(CONFIGS)}')
    return CONFIGS[name]
