"""Score-CAM against its definition, step by step for single channels."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from csrnet_ros.inference.score_cam import ScoreCam
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, load_checkpoint

CPU = torch.device('cpu')
IMAGE = np.random.RandomState(0).randint(0, 256, (64, 80, 3)).astype(np.uint8)


def present_class(checkpoint):
    return int(ScoreCam(checkpoint, device=CPU).explain(IMAGE, []).labels[0, 0])


@torch.inference_mode()
def defined_heat(checkpoint, one):
    """Return the heat of a class in the first stage's map, channel by channel."""
    network = checkpoint.build()
    mean, std = (torch.tensor(x)[:, None, None] for x in (checkpoint.mean, checkpoint.std))
    x = (torch.from_numpy(IMAGE).permute(2, 0, 1)[None].float() - mean) / std
    region = network(x)[0].argmax(0) == one

    def score(masked):
        return network(masked).softmax(1)[0, one][region].mean()

    def enlarge(a):
        return functional.interpolate(a[None, None], size=(64, 80), mode='bilinear')[0, 0]

    total = 0
    for a in network.stages[0](network.features(x))[16][0]:
        full = enlarge(a)
        spread = full.max() - full.min()
        mask = (full - full.min()) / spread if spread > 0 else torch.zeros_like(full)
        total = total + (score(x * mask) - score(torch.zeros_like(x))) * a
    heat = enlarge(total.relu())
    return (heat / heat.max()).numpy()


def test_the_heat_is_what_the_definition_says(weights):
    checkpoint = load_checkpoint(weights)
    one = present_class(checkpoint)
    explanation = ScoreCam(checkpoint, device=CPU, batch_size=48).explain(IMAGE, [one])
    heat = explanation.heats['A16'][one]
    assert (heat.shape, heat.dtype, heat.max()) == ((64, 80), np.float32, 1)
    np.testing.assert_allclose(heat, defined_heat(checkpoint, one), atol=1e-3)


@pytest.mark.parametrize(
    ('variant', 'names'),
    [
        ('light', ['A16', 'B8', 'C4']),
        ('medium', ['A8', 'B8', 'C4']),
        ('heavy', ['A4', 'B4', 'C4']),
    ],
)
def test_the_maps_are_the_last_of_each_stage_and_absent_classes_have_no_heat(variant, names):
    torch.manual_seed(0)
    network = CSRNet(VARIANTS[variant], num_classes=len(CAMVID))
    gray = (110.0, 110.0, 110.0)
    checkpoint = Checkpoint(network.config, CAMVID, gray, gray, network.state_dict())
    found = ScoreCam(checkpoint, device=CPU).explain(IMAGE, [])
    assert list(found.heats) == names
    assert all(heats == {} for heats in found.heats.values())
