"""What the demo has measured, as text."""

import numpy as np

from csrnet_ros.cli.children import Event
from csrnet_ros.labels import LabelSet
from csrnet_ros.training.metrics import ConfusionMatrix


def summary(report: Event, labels: LabelSet) -> str:
    """Return what the viewer and the node have measured, as tables.

    :param report: the viewer's counts, and the node's diagnostics as they reached the viewer
    """
    values = report['diagnostics']
    network = f'CSRNet {values["variant"]}, {values["precision"]} on {values["device"]}'
    tables = [network, _fates(report), _stages(values)]
    if report['counts'] is not None:
        tables.append(_accuracy(report['counts'], labels))
    return '\n\n'.join(tables)


def _fates(report: Event) -> str:
    received, labelled = report['received'], report['labelled']
    prefix = 'frames dropped: '
    drops = {
        key.removeprefix(prefix): int(value)
        for key, value in report['diagnostics'].items()
        if key.startswith(prefix)
    }
    reasons = ', '.join(f'{count} {reason}' for reason, count in drops.items() if count)
    line = f'frames: {received} in, {labelled} out, {received - labelled} dropped'
    return f'{line} ({reasons})' if reasons else line


def _stages(values: dict[str, str]) -> str:
    suffix = ' p50 (ms)'
    stages = [key.removesuffix(suffix) for key in values if key.endswith(suffix)]
    rows = [(stage, values[stage + suffix], values[f'{stage} p95 (ms)']) for stage in stages]
    lines = [f'{stage:<18}{p50:>9}{p95:>9}' for stage, p50, p95 in rows]
    return '\n'.join([f'{"stage":<18}{"p50 ms":>9}{"p95 ms":>9}', *lines])


def _accuracy(counts: list[list[int]], labels: LabelSet) -> str:
    matrix = ConfusionMatrix(len(labels))
    matrix.counts += np.array(counts)
    cells = [
        f'{name:<11}{iou:5.1f}'
        for name, iou in zip(labels.classes, matrix.iou(), strict=True)
        if np.isfinite(iou)
    ]
    rows = ['   '.join(cells[start : start + 4]) for start in range(0, len(cells), 4)]
    title = f'mIoU {matrix.miou():.1f} % against the known truth of the drawn street; by class:'
    return '\n'.join([title, *rows])
