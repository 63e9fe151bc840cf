"""The node's parameters: two tables of types, defaults, ranges, and when each may change."""

import re
from dataclasses import dataclass

from csrnet_ros.inference.backends import BACKENDS
from csrnet_ros.model import MIN_SIDE_PX, VARIANTS
from csrnet_ros.node.messages import TRANSPORTS
from csrnet_ros.node.parameter_table import Settings, parameter

MAX_SIDE_PX = 16384

CAMERA_NAME = re.compile('[A-Za-z](_?[A-Za-z0-9])*')


@dataclass(frozen=True, slots=True)
class NodeSettings(Settings):
    """The parameters of the node as a whole; each field is its row of the table.

    :raises ValueError: if a value is not one that its row allows
    """

    variant: str = parameter(
        next(iter(VARIANTS)),
        'network whose shipped weights are used while weights is empty',
        choices=tuple(VARIANTS),
        read_at='load',
    )
    weights: str = parameter(
        '',
        'weights file to load, which also says what its variant is; empty: the shipped ones',
        read_at='load',
    )
    cameras: tuple[str, ...] = parameter(
        ('',),
        'names of the cameras, each part of its parameters and output topics; one may be empty',
        read_at='start',
    )
    device: str = parameter('auto', 'where the network runs: auto, cpu, cuda, cuda:0, cuda:1, ...')
    half: bool = parameter(True, 'compute in half precision on a GPU; a CPU always uses float32')
    backend: str = parameter(
        'auto',
        'what runs the network; auto: the fastest that is installed for the device',
        choices=BACKENDS,
    )
    threads: int = parameter(
        0, 'CPU threads to compute with; 0: one for each core', bounds=(0, 1024)
    )
    image_width: int = parameter(
        640,
        'width of the images expected, in pixels, to warm the network up',
        bounds=(MIN_SIDE_PX, MAX_SIDE_PX),
    )
    image_height: int = parameter(
        480,
        'height of the images expected, in pixels, to warm the network up',
        bounds=(MIN_SIDE_PX, MAX_SIDE_PX),
    )
    working_width: int = parameter(
        0,
        'width at which the network works, in pixels: smaller is faster and less accurate; '
        "0: the image's own",
        bounds=(0, MAX_SIDE_PX),
    )
    working_height: int = parameter(
        0,
        "height at which the network works, in pixels; 0: the image's own",
        bounds=(0, MAX_SIDE_PX),
    )
    overlay_opacity: float = parameter(
        0.5,
        'weight of the class colours in the overlay, 0 (image only) to 1 (colours only)',
        read_at='live',
        bounds=(0.0, 1.0),
    )
    enable: bool = parameter(
        True, 'false: frames are counted as dropped and not labelled', read_at='live'
    )
    autostart: bool = parameter(True, 'configure and activate by itself at start', read_at='start')

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        if len(set(self.cameras)) < len(self.cameras) or not self.cameras:
            raise ValueError(
                f'cameras is {list(self.cameras)}; name each camera once, or leave it out for one'
            )
        for name in self.cameras:
            if name and not CAMERA_NAME.fullmatch(name):
                raise ValueError(
                    f'cameras has {name!r}; a name needs letters, digits and single underscores, '
                    'and begins with a letter'
                )

    @property
    def working_size(self) -> tuple[int, int] | None:
        """Height and width at which the network works, in pixels; None: the image's own.

        :raises ValueError: if only one of them is set, as they are when set one after the other
        """
        size = self.working_height, self.working_width
        if 0 < size.count(0) < 2:
            raise ValueError(
                f'working_width is {self.working_width} and working_height is '
                f'{self.working_height}; set both, or leave both at 0'
            )
        return size if all(size) else None


@dataclass(frozen=True, slots=True)
class CameraSettings(Settings):
    """The parameters of one camera; those of a camera with a name begin with it and a dot.

    :raises ValueError: if a value is not one that its row allows
    """

    image_topic: str = parameter(
        'camera/image_raw', 'image topic to label; a relative name gets the namespace'
    )
    transport: str = parameter(
        'raw',
        'how the images come: raw, sensor_msgs/Image on image_topic, or compressed, '
        'sensor_msgs/CompressedImage (JPEG or PNG) on image_topic/compressed',
        choices=tuple(TRANSPORTS),
    )
    rate_limit_hz: float = parameter(
        0.0, 'most frames labelled per second; 0: no limit', read_at='live', bounds=(0.0, 1000.0)
    )
    silence_error_s: float = parameter(
        2.0,
        'seconds without a frame after which diagnostics say ERROR',
        read_at='live',
        bounds=(0.1, 3600.0),
    )
    lost_warn: float = parameter(
        0.1,
        'share of the frames sent that never arrive above which diagnostics say WARN; 1: never',
        read_at='live',
        bounds=(0.0, 1.0),
    )
    overwritten_warn: float = parameter(
        0.5,
        'share of the frames lost to newer ones above which diagnostics say WARN; 1: never',
        read_at='live',
        bounds=(0.0, 1.0),
    )
    rate_warn_hz: float = parameter(
        0.0,
        'frames labelled per second below which diagnostics say WARN; 0: no bound',
        read_at='live',
        bounds=(0.0, 1000.0),
    )
    latency_warn_ms: float = parameter(
        0.0,
        'milliseconds from stamp to publication above which, at the 95th percentile, diagnostics '
        'say WARN; 0: no bound',
        read_at='live',
        bounds=(0.0, 3.6e6),
    )
    latency_error_ms: float = parameter(
        0.0,
        'milliseconds from stamp to publication above which, at the median of 10 s, diagnostics '
        'say ERROR; 0: no bound',
        read_at='live',
        bounds=(0.0, 3.6e6),
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        suffix = TRANSPORTS['compressed'].suffix
        if self.image_topic.endswith(suffix):
            raise ValueError(
                f'image_topic is {self.image_topic!r}; leave out {suffix} and set transport to '
                'compressed'
            )

    @classmethod
    def defaults(cls, camera: str) -> 'CameraSettings':
        """Return what the parameters of ``camera`` are unless they are set."""
        return cls(image_topic=f'{camera}/image_raw') if camera else cls()


def camera_prefix(camera: str) -> str:
    """Return what the names of the parameters of ``camera`` begin with."""
    return f'{camera}.' if camera else ''
