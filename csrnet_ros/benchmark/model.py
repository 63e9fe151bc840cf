"""How fast networks label images of one size: the same frames for all, in turn."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from csrnet_ros.benchmark.candidates import EAGER, Candidate
from csrnet_ros.benchmark.timing import Watch, summarise, take_turns
from csrnet_ros.training.datasets.street import draw_street

WARM_UPS = 2

WHOLE = 'whole'
"""The time of a pass by the wall clock, beside those of its stages."""

MEASURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        'network': ('network',),
        'labels': ('network', 'postprocess'),
        'end to end': (WHOLE,),
    }
)
"""What is told of a pass, never mixed: from the normalised batch to logits; from there on to
labels of the image's size; from uint8 images in host memory to uint8 labels in host memory. Each
is a sum of the stages named."""

Figures = dict[str, Any]
"""What was measured of one candidate, as JSON values."""


def frames(size_px: tuple[int, int], batch: int) -> list[np.ndarray]:
    """Return the images that all candidates get: a drawn street, RGB uint8 (H, W, 3)."""
    height_px, width_px = size_px
    return [
        draw_street(number, height_px=height_px, width_px=width_px)[0] for number in range(batch)
    ]


def compare(
    candidates: Sequence[Candidate],
    images: Sequence[np.ndarray],
    *,
    seconds: float,
    watch: Watch = iter,
) -> list[Figures]:
    """Let candidates label the same images in turn; return the figures of each.

    Every network must be among them in ``EAGER`` mode, which its ratios refer to.

    :param seconds: how long one candidate is measured, unless ``take_turns`` ends sooner
    """
    runners = [partial(timed_pass, candidate, images) for candidate in candidates]
    for runner in runners:
        for _ in range(WARM_UPS):
            runner()
    passes = take_turns(runners, seconds=seconds, watch=watch)
    figures = [
        describe(candidate, row, images) for candidate, row in zip(candidates, passes, strict=True)
    ]
    add_ratios(figures)
    return figures


def timed_pass(candidate: Candidate, images: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the milliseconds of each stage of one pass, and of the whole."""
    begin_s = time.perf_counter()
    stages_ms = candidate.run(images)
    return {**stages_ms, WHOLE: 1e3 * (time.perf_counter() - begin_s)}


def describe(
    candidate: Candidate, passes: Sequence[Mapping[str, float]], images: Sequence[np.ndarray]
) -> Figures:
    """Return the figures of a candidate from the times of its passes."""
    measures = {
        name: asdict(summarise([sum(times_ms[part] for part in parts) for times_ms in passes]))
        for name, parts in MEASURES.items()
    }
    stages_ms = {
        stage: summarise([times_ms[stage] for times_ms in passes]).median_ms
        for stage in passes[0]
        if stage != WHOLE
    }
    return {
        'network': candidate.network,
        'backend': candidate.backend,
        'precision': candidate.precision,
        'device': candidate.device,
        'origin': candidate.origin,
        'miou': candidate.miou,
        'size_px': list(images[0].shape[:2]),
        'batch': len(images),
        'passes': len(passes),
        'measures': measures,
        'stages_ms': stages_ms,
    }


def add_ratios(figures: Sequence[Figures]) -> None:
    """Add to every measure its median divided by that of the same network in eager mode."""
    eager = {row['network']: row['measures'] for row in figures if row['backend'] == EAGER}
    for row in figures:
        for name, measure in row['measures'].items():
            reference_ms = eager[row['network']][name]['median_ms']
            measure['ratio_to_eager'] = measure['median_ms'] / reference_ms
