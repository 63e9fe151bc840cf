"""A short run in double precision, alone or as one of torchrun's processes."""

import sys

import torch

from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.training.config import Recipe
from csrnet_ros.training.datasets import camvid
from csrnet_ros.training.loop import TrainingRun
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
    class_balance=0.4,
    ema_decay=0.9,
)


class DoublePrecision(Augmentation):
    """Gives the network's input in double precision."""

    def __call__(self, images, labels, draws):
        """Return what the augmentation does, but in double precision."""
        x, target = super().__call__(images, labels, draws)
        return x.double(), target


def main(root: str, out: str) -> None:
    """Train on the small CamVid in ``root`` and write losses and final weights to ``out``."""
    torch.manual_seed(0)
    device = torch.device('cpu')
    with join_processes(device) as processes:
        run = TrainingRun(
            CSRNet(VARIANTS['light'], num_classes=11).double(),
            hold(StreamedSamples(camvid(root, 'train'), drawn_frames=0, device=device)),
            augment=DoublePrecision(RECIPE, mean=IMAGENET_MEAN, std=IMAGENET_STD),
            settings=RunSettings(),
            processes=processes,
        )
        steps = []
        while run.steps_done < run.steps:
            steps += run.epoch()
        if processes.first:
            losses = [step.loss for step in steps]
            found = {'processes': processes.count, 'losses': losses, 'weights': run.weights()}
            torch.save(found, out)


if __name__ == '__main__':
    main(*sys.argv[1:])
