"""The choice between fused and plain stages."""

import sys
import warnings

import pytest
import torch

from csrnet_ros.inference.postprocess import Postprocess
from csrnet_ros.inference.preprocess import Preprocess
from csrnet_ros.inference.stages import stages_for


def test_a_cpu_has_the_plain_ones():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert stages_for(torch.device('cpu')) == (Preprocess, Postprocess)


def test_without_triton_the_plain_ones_serve_and_it_says_why(monkeypatch):
    monkeypatch.setitem(sys.modules, 'triton', None)
    monkeypatch.delitem(sys.modules, 'csrnet_ros.inference.fused', raising=False)
    monkeypatch.delitem(sys.modules, 'csrnet_ros.inference.kernels', raising=False)
    with pytest.warns(RuntimeWarning, match='triton.*pip install triton'):
        assert stages_for(torch.device('cuda', 0)) == (Preprocess, Postprocess)


@pytest.mark.gpu
def test_a_gpu_has_the_fused_ones():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        preprocess, postprocess = stages_for(torch.device('cuda', 0))
    assert (preprocess.__name__, postprocess.__name__) == ('FusedPreprocess', 'FusedPostprocess')
