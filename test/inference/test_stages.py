"""The choice between fused and plain stages."""

import sys

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
        memory_format=torch.channels_last,
    )


def test_a_cpu_has_the_plain_ones(weights, caplog):
    preprocess, postprocess = stages(weights, 'cpu')
    assert not caplog.messages
    assert (type(preprocess), type(postprocess)) == (Preprocess, Postprocess)
    assert preprocess.working_size == (64, 80)


@pytest.mark.gpu
def test_without_triton_the_plain_ones_serve_and_it_says_why(weights, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, 'csrnet_ros.inference.fused', None)
    preprocess, postprocess = stages(weights, 'cuda', torch.float16)
    assert 'pip install triton' in caplog.text
    assert (type(preprocess), type(postprocess)) == (Preprocess, Postprocess)
    assert preprocess.mean.dtype == torch.float16


@pytest.mark.gpu
def test_a_gpu_has_the_fused_ones(weights, caplog):
    preprocess, postprocess = stages(weights, 'cuda', torch.float16)
    assert not caplog.messages
    names = (type(preprocess).__name__, type(postprocess).__name__)
    assert names == ('FusedPreprocess', 'FusedPostprocess')
