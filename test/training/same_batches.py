"""Compares, as one of torchrun's two processes, the batches of held and of streamed samples."""

import sys

import torch

from csrnet_ros.training.batches import Batches
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.datasets import camvid
from csrnet_ros.training.memory import hold
from csrnet_ros.training.processes import join_processes
from csrnet_ros.training.settings import RunSettings
from csrnet_ros.training.stream import StreamedSamples
from csrnet_ros.training.transforms import IMAGENET_MEAN, IMAGENET_STD, Augmentation

RECIPE = Recipe(
    epochs=3,
    learning_rate=1e-3,
    crop_px=(64, 64),
    batch_size=4,
    imagenet_backbone=False,
    color_jitter=0.2,
    class_uniform_share=0.5,
)


def stream(root, device) -> StreamedSamples:
    """Return the small CamVid's six images and two drawn ones: two batches in an epoch."""
    return StreamedSamples(camvid(root, 'trainval'), drawn_frames=2, device=device)


def make_batches(samples, *, processes, accumulate=1) -> Batches:
    """Return the batches of a run of six steps."""
    return Batches(
        samples,
        Augmentation(RECIPE, mean=IMAGENET_MEAN, std=IMAGENET_STD),
        class_weights=torch.linspace(1, 2, 11, device=samples.device),
        settings=RunSettings(seed=3, accumulate=accumulate),
        processes=processes,
    )


def assert_same(found, wanted) -> None:
    """Check that two lists of steps hold parts of the same bits."""
    for found_parts, wanted_parts in zip(found, wanted, strict=True):
        for part, expected in zip(found_parts, wanted_parts, strict=True):
            for name in ('x', 'target', 'share'):
                assert torch.equal(getattr(part, name), getattr(expected, name)), name


def main(root: str) -> None:
    """Check that both give the same parts in this process, and no more than its share."""
    device = torch.device('cpu')
    with join_processes(device) as processes:
        streamed = stream(root, device)
        wanted, found = (
            list(make_batches(samples, processes=processes).from_step(0))
            for samples in (hold(streamed), streamed)
        )
    assert len(wanted) == 6
    assert {len(part.x) for parts in found for part in parts} == {2}, 'of 4'
    assert_same(found, wanted)


if __name__ == '__main__':
    main(*sys.argv[1:])
