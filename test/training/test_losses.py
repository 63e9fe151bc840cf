"""The losses, each against its definition, pixel by pixel."""

import math
from dataclasses import replace

import pytest
import torch

from csrnet_ros.labels import VOID
from csrnet_ros.training.config import find_recipe
from csrnet_ros.training.losses import PixelLoss, class_weights, make_loss
from csrnet_ros.training.memory import HeldSamples

PAPER = find_recipe('paper', 'camvid')
WEIGHTS = torch.tensor([0.5, 1.0, 1.5, 3.0])


def batch(seed=0):
    """Return logits (2, 4, 5, 6) and a target of which a third is void."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, 4, 5, 6, generator=generator)
    target = torch.randint(0, 6, (2, 5, 6), generator=generator)
    return logits, target.where(target < 4, VOID)


def pixels(logits, target, weights, smoothing=0.0):
    """Return (probability of the true class, loss, weight) of each known pixel."""
    found = []
    for scores, label in zip(logits.movedim(1, -1).reshape(-1, 4), target.flatten().tolist()):
        if label == VOID:
            continue
        total = sum(math.exp(score) for score in scores.tolist())
        logs = [score - math.log(total) for score in scores.tolist()]
        weight = weights[label].item()
        loss = -(1 - smoothing) * weight * logs[label]
        loss -= smoothing / 4 * sum(w * log for w, log in zip(weights.tolist(), logs))
        found.append((math.exp(logs[label]), loss, weight))
    return found


def mean(chosen):
    return sum(loss for _, loss, _ in chosen) / sum(weight for _, _, weight in chosen)


def test_the_papers_loss_is_the_plain_cross_entropy():
    logits, target = batch()
    losses = [-math.log(p) for p, _, _ in pixels(logits, target, torch.ones(4))]
    loss = make_loss(PAPER, weights=torch.ones(4))(logits, target)
    assert loss.item() == pytest.approx(sum(losses) / len(losses), rel=1e-5)


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
def test_weights_and_smoothing(smoothing):
    logits, target = batch()
    loss = make_loss(replace(PAPER, label_smoothing=smoothing), weights=WEIGHTS)
    expected = mean(pixels(logits, target, WEIGHTS, smoothing))
    assert loss(logits, target).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('smoothing', [0.0, 0.1])
@pytest.mark.parametrize('probability', [0.02, 0.3, 0.7])
@pytest.mark.parametrize('share', [0.0, 0.25, 1.0])
def test_only_hard_pixels_count_but_at_least_a_share(probability, share, smoothing):
    logits, target = batch()
    recipe = replace(
        PAPER, ohem_probability=probability, ohem_share=share, label_smoothing=smoothing
    )
    hardest = sorted(pixels(logits, target, WEIGHTS, smoothing))
    below = sum(p < probability for p, _, _ in hardest)
    count = max(below, math.ceil(share * len(hardest)), 1)
    loss = make_loss(recipe, weights=WEIGHTS)(logits, target)
    assert loss.item() == pytest.approx(mean(hardest[:count]), rel=1e-5)


def test_easy_and_unknown_pixels_have_no_gradient():
    logits, target = batch()
    logits.requires_grad_()
    make_loss(replace(PAPER, ohem_probability=0.3), weights=WEIGHTS)(logits, target).backward()
    true = logits.softmax(1).gather(1, target.where(target != VOID, 0)[:, None])[:, 0]
    hard = (true < 0.3) & (target != VOID)
    assert 0 < hard.sum() < (target != VOID).sum()
    assert torch.equal(logits.grad.abs().sum(1) > 0, hard)


@pytest.mark.parametrize('probability', [0.7, 1.0])
def test_unknown_images_and_broken_logits(probability):
    loss = PixelLoss(WEIGHTS, probability=probability, share=0.1, label_smoothing=0.0)
    logits, target = batch()
    logits.requires_grad_()
    nothing = loss(logits, torch.full_like(target, VOID))
    assert nothing.item() == 0
    assert torch.autograd.grad(nothing, logits)[0].count_nonzero() == 0
    logits = logits.detach()
    logits[0, 0] = math.nan
    assert not math.isfinite(loss(logits, target)), 'a run has to notice'


def test_unknown_pixels_do_not_count_beside_perfect_ones():
    logits = torch.zeros(1, 2, 2, 2)
    logits[0, 0, 0, 1] = 200.0  # one pixel is certain, the other known one undecided
    target = torch.tensor([[[0, 0], [VOID, VOID]]])
    loss = PixelLoss(torch.ones(2), probability=0.7, share=1.0, label_smoothing=0.0)
    assert loss(logits, target).item() == pytest.approx(math.log(2) / 2)


@pytest.mark.parametrize('probability', [0.7, 1.0])
@pytest.mark.parametrize('autocast', [False, True])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_many_pixels_in_half_precision(dtype, autocast, probability):
    logits = torch.zeros(1, 4, 400, 400, dtype=dtype)  # in half precision the sum is infinite
    target = torch.zeros(1, 400, 400).long()
    loss = make_loss(replace(PAPER, ohem_probability=probability), weights=torch.ones(4))
    with torch.autocast('cpu', dtype, enabled=autocast):
        found = loss(logits, target)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(math.log(4), rel=1e-5)


@pytest.mark.parametrize('probability', [0.5, 1.0])
def test_auxiliary_heads_add_their_share(probability):
    recipe = replace(PAPER, ohem_probability=probability)
    one = make_loss(recipe, weights=WEIGHTS)
    several = make_loss(replace(recipe, auxiliary_weight=0.4), weights=WEIGHTS)
    target = batch()[1]
    outputs = tuple(batch(seed)[0] for seed in range(3))
    own, low, mid = (one(logits, target).item() for logits in outputs)
    assert several(outputs, target).item() == pytest.approx(own + 0.4 * (low + mid), rel=1e-6)
    assert several(outputs[:1], target).item() == pytest.approx(own, rel=1e-6)


def test_rare_classes_weigh_more_where_balance_is_asked_for():
    labels = torch.tensor([0] * 90 + [1] * 10 + [255] * 50, dtype=torch.uint8).view(2, 5, 15)
    samples = HeldSamples(labels[:, None].expand(-1, 3, -1, -1), labels)
    assert class_weights(samples, num_classes=2, balance=0.0).tolist() == [1, 1]
    frequent, rare = class_weights(samples, num_classes=2, balance=0.5).tolist()
    assert rare / frequent == pytest.approx(3)
    assert frequent + rare == pytest.approx(2)
