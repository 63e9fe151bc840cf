"""The choice between fused and plain stages."""

import sys
import warnings

import pytest
import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.inference.stages import stages_for
from csrnet_ros.model import load_checkpoint


def stages(weights, device, dtype=torch.float32):
    return stages_for(
        load_checkpoint(weights),
        device=torch.device(device),
        dtype=dtype,
        working_size=(64, 80),
    )


def test_a_cpu_has_the_plain_ones(weights):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        preprocess, postprocess = stages(weights, 'cpu')
    assert (type(preprocess), type(postprocess)) == (Preprocess, Postprocess)
    assert preprocess.working_size == (64, 80)


@pytest.mark.gpu
def test_without_triton_the_plain_ones_serve_and_it_says_why(weights, monkeypatch):
    monkeypatch.setitem(sys.modules, 'csrnet_ros.inference.fused', None)
    with pytest.warns(RuntimeWarning, match='csrnet_ros.inference.fused.*pip install triton'):
        preprocess, postprocess = stages(weights, 'cuda', torch.float16)
    assert (type(preprocess), type(postprocess)) == (Preprocess, Postprocess)
    assert preprocess.mean.dtype == torch.float16


@pytest.mark.gpu
def test_a_gpu_has_the_fused_ones(weights):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        preprocess, postprocess = stages(weights, 'cuda', torch.float16)
    names = (type(preprocess).__name__, type(postprocess).__name__)
    assert names == ('FusedPreprocess', 'FusedPostprocess')
