"""The network: its size, its cost, its shapes, and that every row of both tables learns."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from csrnet_ros.model import ABLATIONS, CONFIGS, VARIANTS, CSRNet
from csrnet_ros.model.spfm import grid_size
from csrnet_ros.model.srm import SRM, Attention

CLASSES = 19


def build(name, *, device='cpu'):
    torch.manual_seed(0)
    with torch.device(device):
        return CSRNet(CONFIGS[name], num_classes=CLASSES)


def giga_multiply_adds(module, *size):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(torch.empty(1, 3, *size, device='meta'))
    return counter.get_total_flops() / 2e9


@pytest.mark.parametrize(
    ('name', 'parameters', 'at_1024x2048', 'at_720x960'),
    [
        ('heavy', 12_817_607, 161.5, 53.4),
        ('medium', 12_356_295, 114.3, 37.8),
        ('light', 12_125_639, 108.4, 35.9),
    ],
)
def test_size_and_cost_of_the_variants(name, parameters, at_1024x2048, at_720x960):
    network = build(name, device='meta').eval()
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert giga_multiply_adds(network, 1024, 2048) == pytest.approx(at_1024x2048, abs=0.05)
    assert giga_multiply_adds(network, 720, 960) == pytest.approx(at_720x960, abs=0.05)
    assert giga_multiply_adds(network.backbone, 1024, 2048) == pytest.approx(75.8, abs=0.05)


@pytest.mark.parametrize('name', CONFIGS)
def test_every_network_runs_forward_and_backward(name):
    network = build(name).train()
    logits = network(torch.randn(2, 3, 64, 96))
    assert logits.shape == (2, CLASSES, 64, 96)
    torch.nn.functional.cross_entropy(logits, torch.zeros(2, 64, 96).long()).backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert without == [], 'parameters that take no part'
    assert all(p.grad.isfinite().all() for p in network.parameters())


def test_both_tables_are_covered_by_name():
    assert set(CONFIGS.values()) == {*VARIANTS.values(), *ABLATIONS.values()}


@pytest.mark.parametrize('name', VARIANTS)
@pytest.mark.parametrize('size', [(64, 64), (90, 123), (123, 90), (65, 200)])
def test_sizes_that_32_does_not_divide(name, size):
    network = build(name).eval()
    with torch.inference_mode():
        logits = network(torch.randn(1, 3, *size))
    assert logits.shape == (1, CLASSES, *size)
    assert logits.isfinite().all()


@pytest.mark.parametrize('name', VARIANTS)
def test_camvid_size(name):
    assert build(name, device='meta')(torch.empty(2, 3, 720, 960, device='meta')).shape == (
        (2, CLASSES, 720, 960)
    )


def test_the_maps_of_a_camvid_frame():
    maps = build('light', device='meta').backbone(torch.empty(2, 3, 720, 960, device='meta'))
    assert {stride: tuple(m.shape[1:]) for stride, m in maps.items()} == {
        4: (64, 180, 240),
        8: (128, 90, 120),
        16: (256, 45, 60),
        32: (512, 23, 30),
    }


def test_backbone_maps_are_taken_before_their_relu():
    with torch.inference_mode():
        maps = build('light').eval().backbone(torch.randn(1, 3, 64, 64))
    assert all((m < 0).any() for m in maps.values())


@pytest.mark.parametrize('size', [(63, 200), (200, 32)])
def test_a_small_image_is_refused(size):
    with pytest.raises(ValueError, match=f'{size[0]}x{size[1]}.*at least 64'):
        build('light').eval()(torch.randn(1, 3, *size))


@pytest.mark.parametrize('name', VARIANTS)
def test_a_training_batch_of_one_image_is_refused(name):
    with pytest.raises(ValueError, match='batch of 1 image.*at least 2'):
        build(name).train()(torch.randn(1, 3, 64, 64))


def test_a_single_image_is_fine_in_evaluation():
    with torch.inference_mode():
        build('light').eval()(torch.randn(1, 3, 64, 64))


def test_fewer_than_two_classes_are_refused():
    with pytest.raises(ValueError, match='num_classes is 1'):
        CSRNet(VARIANTS['light'], num_classes=1)


@pytest.mark.parametrize(
    ('rows', 'height', 'width', 'expected'),
    [
        (8, 32, 64, (8, 16)),
        (4, 32, 64, (4, 8)),
        (2, 32, 64, (2, 4)),
        (8, 23, 30, (8, 10)),
        (8, 24, 24, (8, 8)),
        (2, 64, 4, (2, 1)),
    ],
)
def test_pooling_grids_follow_the_shape_of_the_map(rows, height, width, expected):
    assert grid_size(rows, height, width) == expected


def test_attention_weighs_each_pair_of_channels_to_one():
    attention = Attention(8).eval()
    same = torch.randn(2, 8, 5, 7)
    # With weights that add up to 1, mixing a map with itself changes nothing.
    torch.testing.assert_close(attention(same, same), same)


def test_attention_prefers_the_map_that_its_weights_name():
    attention = Attention(8).eval()
    with torch.no_grad():
        attention.to_high.bias.fill_(50.0)
        high, low = torch.randn(2, 2, 8, 5, 7)
        torch.testing.assert_close(attention(high, low), high)


def test_srm_takes_the_size_of_its_high_resolution_map():
    srm = SRM(64, channels=16, attention=True, pointwise=True).eval()
    assert srm(torch.randn(1, 16, 23, 30), torch.randn(1, 64, 45, 60)).shape == (1, 16, 45, 60)
