"""The network: the backbone's four maps and the stages that refine them, one row for a stride."""

from drawing import Drawing, note

from csrnet_ros.model import VARIANTS
from csrnet_ros.model.config import BACKBONE_CHANNELS

STRIDES = (4, 8, 16, 32)
REFINED = ('low-refined', 'mid-refined', 'high-refined')
FILLS = {3: '#bfe3d0', 2: '#dff1e7', 1: '#ffffff'}  # by how many variants have the module

TOP, PITCH, HEIGHT = 92, 104, 62
BACKBONE_X, STAGES_X, STAGE_PITCH, WIDTH = 112, 316, 206, 150


def row_y(stride: int) -> float:
    """Return the top of the boxes of a stride."""
    return TOP + PITCH * STRIDES.index(stride)


def middle(stride: int) -> float:
    """Return the height of the arrows of a stride."""
    return row_y(stride) + HEIGHT / 2


def stage_x(stage: int) -> float:
    """Return the left side of the boxes of a stage, counted from 0."""
    return STAGES_X + STAGE_PITCH * stage


def owners(stage: int, stride: int) -> list[str]:
    """Return the variants whose ``stage`` has an SRM at a stride."""
    return [name for name, config in VARIANTS.items() if stride in config.stages[stage]]


def draw_network() -> Drawing:
    """Return the drawing of all three variants."""
    drawing = Drawing(1056, 562, title='CSRNet: backbone, three stages of refinement, classes')
    stages = VARIANTS['heavy'].stages
    draw_frames(drawing, stages)
    draw_backbone(drawing)
    for stage, strides in enumerate(stages):
        draw_stage(drawing, stage, strides)
    draw_classes(drawing, last=len(stages) - 1)
    draw_legend(drawing)
    return drawing


def draw_frames(drawing: Drawing, stages: tuple[tuple[int, ...], ...]) -> None:
    """Draw what is behind the backbone and each stage, below all arrows."""
    columns = [(float(BACKBONE_X), STRIDES[-1], 'ResNet-18')]
    for stage, strides in enumerate(stages):
        columns.append((stage_x(stage), 2 * strides[0], f'Stage {stage + 1}'))
    for x, stride, title in columns:
        drawing.frame(x - 16, 16, WIDTH + 32, row_y(stride) + HEIGHT, title)
    for stage, name in enumerate(REFINED):
        drawing.words(stage_x(stage) + WIDTH / 2, 58, f'gives the {name} map')


def draw_backbone(drawing: Drawing) -> None:
    """Draw the image and the residual blocks, the way down."""
    drawing.box(16, row_y(4), 66, HEIGHT, 'image', 'H × W', fill='#fdf3d6')
    drawing.arrow((82, middle(4)), (BACKBONE_X, middle(4)))
    for number, stride in enumerate(STRIDES, 1):
        size = f'{BACKBONE_CHANNELS[stride]} × H/{stride} × W/{stride}'
        drawing.box(BACKBONE_X, row_y(stride), WIDTH, HEIGHT, f'RB-{number}', size, fill='#dbe7f6')
        drawing.arrow((BACKBONE_X + WIDTH, middle(stride)), (stage_x(0), middle(stride)))
        if stride < STRIDES[-1]:
            x = BACKBONE_X + WIDTH / 2
            drawing.arrow((x, row_y(stride) + HEIGHT), (x, row_y(2 * stride)))


def draw_stage(drawing: Drawing, stage: int, strides: tuple[int, ...]) -> None:
    """Draw a stage: its SPFM at the bottom, the SRMs above it, and what it leaves behind."""
    x, start = stage_x(stage), 2 * strides[0]
    drawing.box(x, row_y(start), WIDTH, HEIGHT, 'SPFM', 'adds global context', fill='#f9d9c8')
    for stride in strides:
        have = owners(stage, stride)
        label = 'all variants' if len(have) == len(VARIANTS) else ', '.join(have)
        if len(have) == 1:
            label = f'{have[0]} only'
        drawing.box(
            x,
            row_y(stride),
            WIDTH,
            HEIGHT,
            'SRM',
            label,
            fill=FILLS[len(have)],
            dashed=len(have) < len(VARIANTS),
        )
        center = x + WIDTH / 2
        drawing.arrow((center, row_y(2 * stride)), (center, row_y(stride) + HEIGHT))
    if stage < len(REFINED) - 1:
        for stride in strides:
            drawing.arrow((x + WIDTH, middle(stride)), (stage_x(stage + 1), middle(stride)))


def draw_classes(drawing: Drawing, *, last: int) -> None:
    """Draw what follows the last stage."""
    x = stage_x(last) + WIDTH + 40
    drawing.arrow((x - 40, middle(4)), (x, middle(4)))
    drawing.box(x, row_y(4), 122, HEIGHT, '1×1 conv', 'logits, H/4 × W/4', fill='#e7e0f4')
    drawing.arrow((x + 61, row_y(4) + HEIGHT), (x + 61, row_y(8)))
    drawing.box(x, row_y(8), 122, HEIGHT, 'upsampling', 'labels, H × W', fill='#fdf3d6')


def draw_legend(drawing: Drawing) -> None:
    """Say what the arrows mean, and what becomes of the modules that a variant lacks."""
    note(
        drawing,
        330,
        512,
        [
            'Upwards: the low-resolution input of an SRM; from the left: the high-resolution one.',
            'Where a variant lacks an SRM, the map that arrives from the left goes on as it is.',
            'Every map right of the backbone has 128 channels.',
        ],
    )
