"""The exact shortcuts: each gives what the plain way gives."""

from functools import cache

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional

from csrnet_ros.inference.deploy import (
    MatrixPool,
    ShortMeanSRM,
    averages,
    exportable,
    fold_batch_norm,
    grid_columns,
    runnable,
)
from csrnet_ros.labels import CAMVID
from csrnet_ros.model import CONFIGS, VARIANTS, Checkpoint, CSRNet
from csrnet_ros.model.spfm import GridPool, grid_size
from csrnet_ros.model.srm import SRM

SIZES = [(64, 96), (90, 123), (123, 90), (65, 200)]


@cache
def trained_like(name):
    """Return a checkpoint whose BatchNorm has statistics unlike those of a fresh one."""
    torch.manual_seed(3)
    network = CSRNet(CONFIGS[name], num_classes=len(CAMVID)).train()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(2, 3, 64, 96))
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_()
    gray = (110.0, 110.0, 110.0)
    return Checkpoint(network.config, CAMVID, gray, gray, network.state_dict())


@pytest.mark.parametrize('name', CONFIGS)
def test_folded_batch_norm_changes_nothing(name):
    checkpoint = trained_like(name)
    plain, folded = (checkpoint.build().double() for _ in range(2))
    fold_batch_norm(folded)
    assert not any(isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d) for m in folded.modules())
    x = torch.randn(1, 3, 65, 97, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(folded.logits(x), plain.logits(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize('make', [runnable, exportable])
@pytest.mark.parametrize('name', VARIANTS)
def test_networks_made_ready_give_the_same_logits(make, name):
    checkpoint = trained_like(name)
    plain, ready = checkpoint.build(), make(checkpoint)
    for size in SIZES:
        x = torch.randn(2, 3, *size)
        with torch.inference_mode():
            expected, found = plain.logits(x), ready.logits(x)
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * expected.abs().max())


@pytest.mark.parametrize('small', [(8, 12), (23, 30)])
@pytest.mark.parametrize('extra', [(0, 0), (-1, 0), (0, -1)])
def test_the_mean_before_enlarging_is_that_after_it(small, extra):
    torch.manual_seed(0)
    srm = SRM(16, channels=8, attention=True, pointwise=True).double().eval()
    large = (2 * small[0] + extra[0], 2 * small[1] + extra[1])
    low = torch.randn(1, 8, *small, dtype=torch.float64)
    high = torch.randn(1, 16, *large, dtype=torch.float64)
    torch.testing.assert_close(ShortMeanSRM(srm)(low, high), srm(low, high), rtol=0, atol=1e-12)


def test_columns_are_those_of_the_model_for_all_maps():
    for rows in (8, 4, 2):
        for height in range(2, 70):
            for width in range(2, 140):
                assert grid_columns(rows, height, width) == grid_size(rows, height, width)[1]


@pytest.mark.parametrize(('cells', 'length'), [(8, 23), (8, 5), (4, 4), (2, 1), (10, 30)])
def test_averages_are_adaptive_poolings(cells, length):
    x = torch.randn(3, length, dtype=torch.float64)
    expected = functional.adaptive_avg_pool1d(x, cells)
    matrix = averages(cells, length, device=x.device).double()
    torch.testing.assert_close(x @ matrix.T, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('size', [(23, 30), (45, 60), (3, 2), (2, 40)])
def test_matrix_pooling_is_grid_pooling(size):
    x = torch.randn(2, 5, *size)
    for rows in (8, 4, 2):
        torch.testing.assert_close(MatrixPool()(x, rows), GridPool()(x, rows))


def test_matrices_are_where_the_maps_are():
    with FakeTensorMode():  # its tensors have a device and a shape, and nothing else
        x = torch.empty(2, 3, 24, 32, device='cuda', dtype=torch.float16)
        assert MatrixPool()(x, 3).device.type == 'cuda'
