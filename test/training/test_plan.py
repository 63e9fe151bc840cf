"""The order and the draws of an epoch."""

import torch

from csrnet_ros.training.plan import plan_epoch


def test_every_image_comes_once_and_each_process_has_its_share():
    plan = plan_epoch(3, seed=1, images=12, draws=5)
    assert sorted(plan.order.tolist()) == list(range(12))
    parts = [plan.batch(number, size=6, parts=3) for number in range(2)]
    assert torch.equal(torch.cat([part for batch in parts for part in batch]), plan.order)
    assert {len(part) for batch in parts for part in batch} == {2}


def test_a_plan_follows_from_seed_and_epoch_alone():
    def plan(epoch, seed):
        plan = plan_epoch(epoch, seed=seed, images=50, draws=5)
        assert plan.draws.shape == (50, 5)
        assert 0 <= plan.draws.min() <= plan.draws.max() < 1
        return plan

    assert torch.equal(plan(2, 0).order, plan(2, 0).order)
    assert torch.equal(plan(2, 0).draws, plan(2, 0).draws)
    for epoch, seed in ((3, 0), (2, 1), (0, 2)):
        assert not torch.equal(plan(2, 0).order, plan(epoch, seed).order)
        assert not torch.equal(plan(2, 0).draws, plan(epoch, seed).draws)
