"""A camera that sends five times what the network can label."""

from collections.abc import Callable

from diagnostic_msgs.msg import DiagnosticArray

from csrnet_ros.cli.children import Children
from soak.images import PLAIN_PX

CAMERA = '/camera/image_raw'
FRAMES = 150
UNWATCHED = 'frames dropped: unwatched'


def test_the_newest_frames_are_labelled_and_all_others_counted(
    peer, start_node: Callable, children: Children
) -> None:
    height_px, width_px = PLAIN_PX
    parameters = {
        'image_height': height_px,
        'image_width': width_px,
        f'qos_overrides.{CAMERA}.subscription.reliability': 'reliable',
        f'qos_overrides.{CAMERA}.subscription.depth': FRAMES,
    }
    given = [part for item in parameters.items() for part in ('-p', '{}:={}'.format(*item))]
    start_node(*given).wait_for('labelling')
    diagnostics = peer.listen('/csrnet/diagnostics', DiagnosticArray)
    camera = children.start('camera', 'soak.camera', CAMERA)
    camera.ask(rate_hz=2, menu='plain')
    peer.values_when(diagnostics, lambda now: int(now[UNWATCHED]) > 0)
    labels = peer.listen('/csrnet/label')
    values = peer.values_when(diagnostics, lambda now: int(now['frames published']) >= 2)
    unwatched = int(values[UNWATCHED])
    stages = ('preprocess', 'network', 'postprocess')
    engine_ms = sum(float(values[f'{stage} p50 (ms)']) for stage in stages)
    camera.ask(rate_hz=5e3 / engine_ms, menu='plain')
    peer.values_when(diagnostics, lambda now: int(now['frames received']) >= FRAMES)
    camera.ask(rate_hz=0, menu='plain')
    _, paused = next(children.events())

    def settled(values: dict[str, str]) -> bool:
        fates = int(values['frames published']) + int(values['frames dropped'])
        return int(values['frames received']) == paused['sent'] == fates

    values = peer.values_when(diagnostics, settled)
    published, dropped = int(values['frames published']), int(values['frames dropped'])
    assert int(values[UNWATCHED]) == unwatched
    assert int(values['frames dropped: overwritten']) == dropped - unwatched > 0
    stamps = [labels.get(timeout=60).header.stamp for _ in range(published)]
    stamps_ns = [10**9 * stamp.sec + stamp.nanosec for stamp in stamps]
    assert labels.empty()
    assert stamps_ns == sorted(set(stamps_ns))
    assert stamps_ns[-1] == paused['stamp_ns']
