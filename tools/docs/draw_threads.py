"""The node: what its two threads do to a frame between the camera's topic and the outputs."""

from drawing import Drawing, note

from csrnet_ros.inference.outputs import OUTPUTS
from csrnet_ros.node.frame_timing import TOPIC
from csrnet_ros.node.messages import TRANSPORTS
from csrnet_ros.node.outputs import COMPRESSED

TOPIC_FILL, WORK, WAIT = '#dbe7f6', '#dff1e7', '#fdf3d6'
RECEIVED, AT_WORK = ('disabled', 'limited'), ('unwatched', 'unreadable', 'failed')


def draw_threads() -> Drawing:
    """Return the drawing of a node with one camera."""
    drawing = Drawing(1090, 512, title='The threads of the node, and the way of a frame')
    drawing.frame(180, 16, 206, 446, 'thread of the executor')
    drawing.frame(578, 16, 270, 446, 'thread of the worker')
    draw_receiving(drawing)
    draw_worker(drawing)
    draw_outputs(drawing)
    text = (
        'Dashed: frames that are counted as dropped, by reason. Several cameras have a callback, '
        'a slot and outputs each; the worker takes the newest frame of all.'
    )
    note(drawing, 26, 490, [text])
    return drawing


def draw_receiving(drawing: Drawing) -> None:
    """Draw the camera's topic, the thread that ROS calls back on, and the slot."""
    drawing.box(12, 76, 136, 64, 'camera', *TRANSPORTS, fill=TOPIC_FILL)
    drawing.arrow((148, 108), (204, 108))
    drawing.box(204, 68, 158, 80, 'callback', 'counts the frame,', 'enable, rate limit', fill=WORK)
    drawing.arrow((283, 148), (283, 172))
    drawing.box(204, 172, 158, 46, 'dropped', ', '.join(RECEIVED), dashed=True)
    drawing.box(204, 256, 158, 80, 'requests', 'parameters, services,', 'transitions', fill=WORK)
    drawing.box(204, 358, 158, 84, 'timer, 1 Hz', 'rates, drops,', 'p50, p95, maximum', fill=WORK)
    drawing.arrow((204, 400), (148, 400))
    drawing.box(12, 368, 136, 64, '/diagnostics', '~/diagnostics', fill=TOPIC_FILL)
    drawing.arrow((362, 108), (424, 108))
    drawing.box(424, 68, 116, 80, 'slot', 'the newest', 'frame alone', fill=WAIT)
    drawing.arrow((482, 148), (482, 172))
    drawing.box(424, 172, 116, 46, 'dropped', 'overwritten', dashed=True)
    drawing.arrow((540, 108), (602, 108))


def draw_worker(drawing: Drawing) -> None:
    """Draw the thread that uses the engine."""
    steps = (
        ('who subscribes to what?', 'once for each frame'),
        ('convert', 'the message to an image'),
        ('preprocess, network', 'on the device, one batch a round'),
        ('postprocess', 'labels, and what is subscribed to'),
        ('publish', 'under the header of the frame'),
    )
    for number, step in enumerate(steps):
        y = 80 + 62 * number
        drawing.box(602, y, 222, 46, *step, fill=WORK)
        if number:
            drawing.arrow((713, y - 16), (713, y))
    drawing.box(602, 396, 222, 46, 'dropped', ', '.join(AT_WORK), dashed=True)


def draw_outputs(drawing: Drawing) -> None:
    """Draw the topics that a frame goes out on."""
    publish = 80 + 62 * 4 + 23
    for number, name in enumerate((*OUTPUTS, *COMPRESSED, TOPIC)):
        y = 68 + 62 * number
        drawing.arrow((824, publish), (864, publish), (864, y + 23), (888, y + 23))
        drawing.box(888, y, 190, 46, f'~/{name}', fill=TOPIC_FILL)
