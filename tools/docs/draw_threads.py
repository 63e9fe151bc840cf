"""The node: what its two threads do to a frame between the camera's topic and the outputs."""

from drawing import Drawing, note

from csrnet_ros.inference.outputs import OUTPUTS
from csrnet_ros.node.frame_timing import TOPIC

TOPIC_FILL, WORK, WAIT = '#dbe7f6', '#dff1e7', '#fdf3d6'
RECEIVED, AT_WORK = ('disabled', 'limited'), ('unwatched', 'unreadable', 'failed')


def draw_threads() -> Drawing:
    """Return the drawing of a node with one camera."""
    drawing = Drawing(1090, 560, title='The threads of the node, and the way of a frame')
    draw_receiving(drawing)
    draw_worker(drawing)
    draw_outputs(drawing)
    draw_health(drawing)
    note(
        drawing,
        26,
        530,
        [
            'Dashed: frames that are counted as dropped, by reason. Several cameras have a '
            'callback, a slot and outputs each; the worker takes the newest frame of all.'
        ],
    )
    return drawing


def draw_receiving(drawing: Drawing) -> None:
    """Draw the camera's topic and the thread that ROS calls back on."""
    drawing.box(16, 120, 126, 64, 'camera', 'sensor_msgs/Image', 'best effort', fill=TOPIC_FILL)
    drawing.frame(180, 26, 206, 470, 'thread of the executor')
    drawing.arrow((142, 152), (204, 152))
    drawing.box(
        204, 112, 158, 80, 'callback', 'counts the frame,', 'enable, rate limit', fill=WORK
    )
    drawing.box(204, 222, 158, 46, 'dropped', ', '.join(RECEIVED), dashed=True)
    drawing.arrow((283, 192), (283, 222))
    drawing.box(204, 300, 158, 62, 'parameters', 'live ones at any time', fill=WORK)
    drawing.box(204, 384, 158, 84, 'timer, 1 Hz', 'rates, drops,', 'p50, p95, maximum', fill=WORK)


def draw_worker(drawing: Drawing) -> None:
    """Draw the slot and the thread that owns the engine."""
    drawing.arrow((362, 152), (424, 152))
    drawing.box(424, 112, 116, 80, 'slot', 'the newest', 'frame alone', fill=WAIT)
    drawing.box(424, 222, 116, 46, 'dropped', 'overwritten', dashed=True)
    drawing.arrow((482, 192), (482, 222))
    drawing.frame(578, 26, 270, 470, 'thread of the worker')
    drawing.arrow((540, 152), (602, 152))
    drawing.box(602, 120, 222, 64, 'who subscribes to what?', 'nobody: dropped', fill=WORK)
    steps = (
        ('convert', 'the message to an RGB image'),
        ('preprocess, network', 'on the device, one batch a round'),
        ('postprocess', 'labels, and what is subscribed to'),
        ('publish', 'under the header of the frame'),
    )
    for number, step in enumerate(steps):
        y = 208 + 62 * number
        drawing.arrow((713, y - 24 if not number else y - 16), (713, y))
        drawing.box(602, y, 222, 46, *step, fill=WORK)
    drawing.words(713, 470, f'dropped: {", ".join(AT_WORK)}')


def draw_outputs(drawing: Drawing) -> None:
    """Draw the topics that a frame goes out on."""
    names = [*OUTPUTS, TOPIC]
    for number, name in enumerate(names):
        y = 112 + 60 * number
        drawing.arrow((824, 417), (872, 417), (872, y + 23), (900, y + 23))
        drawing.box(900, y, 174, 46, f'~/{name}', fill=TOPIC_FILL)


def draw_health(drawing: Drawing) -> None:
    """Draw where diagnostics go."""
    drawing.box(16, 394, 126, 64, '/diagnostics', '~/diagnostics', fill=TOPIC_FILL)
    drawing.arrow((204, 426), (142, 426))
