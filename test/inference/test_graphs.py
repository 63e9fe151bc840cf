"""Which graphs are kept, and what happens where none can be captured; on a GPU, what they give."""

import pytest
import torch

from csrnet_ros.inference.deploy import runnable
from csrnet_ros.inference.graphs import Graphs, graphed
from csrnet_ros.model import load_checkpoint


def double(x):
    return 2 * x


class Recorder:
    """Notes what it was to capture, and adds 1 to what that gives."""

    def __init__(self):
        self.captured = []

    def __call__(self, run, shape, dtype, device):
        self.captured.append((*shape, dtype, device.type))
        return lambda x: run(x) + 1


def test_each_shape_is_captured_once():
    recorder = Recorder()
    graphs = Graphs(double, capture=recorder)
    for _ in range(3):
        for shape in ((2, 3), (3, 2)):
            torch.testing.assert_close(graphs(torch.ones(shape)), torch.full(shape, 3.0))
    assert recorder.captured == [(2, 3, torch.float32, 'cpu'), (3, 2, torch.float32, 'cpu')]


def test_precisions_are_kept_apart():
    recorder = Recorder()
    graphs = Graphs(double, capture=recorder)
    for dtype in (torch.float32, torch.float16):
        assert graphs(torch.ones(2, dtype=dtype)).dtype == dtype
    assert len(recorder.captured) == 2


def test_the_graph_unused_for_longest_makes_room():
    recorder = Recorder()
    graphs = Graphs(double, capture=recorder, limit=2)
    for length in (1, 2, 1, 3, 1, 2):
        graphs(torch.ones(length))
    assert [length for length, *_ in recorder.captured] == [1, 2, 3, 2]


def test_what_cannot_be_captured_runs_without_and_says_so_once(caplog):
    recorder = Recorder()

    def capture(run, shape, dtype, device):
        if shape[0] == 2:
            raise RuntimeError('not permitted')
        return recorder(run, shape, dtype, device)

    graphs = Graphs(double, capture=capture)
    assert graphs(torch.ones(1)).tolist() == [3]
    for length in (2, 2, 5):
        assert graphs(torch.ones(length)).tolist() == [2] * length
    (message,) = caplog.messages
    assert '(2,)' in message
    assert 'not permitted' in message


def test_where_nothing_can_be_captured_there_are_no_graphs():
    def capture(run, shape, dtype, device):
        raise RuntimeError('not permitted')

    with pytest.raises(RuntimeError, match='not permitted'):
        Graphs(double, capture=capture)(torch.ones(2))


def test_no_room_for_a_graph_is_an_error_and_the_next_size_is_tried():
    def capture(run, shape, dtype, device):
        if shape[0] > 2:
            raise torch.OutOfMemoryError('no room')
        return run

    graphs = Graphs(double, capture=capture)
    with pytest.raises(torch.OutOfMemoryError):
        graphs(torch.ones(3))
    assert graphs(torch.ones(2)).tolist() == [2, 2]


@pytest.fixture
def network(weights):
    network = runnable(load_checkpoint(weights)).to('cuda', torch.float16)
    return network.to(memory_format=torch.channels_last)


@pytest.fixture
def on_a_stream():
    """A stream to capture on: the default one cannot be captured."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), torch.inference_mode():
        yield
        stream.synchronize()


def images(*size):
    x = torch.randn(1, 3, *size, device='cuda', dtype=torch.float16)
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.gpu
@pytest.mark.usefixtures('on_a_stream')
def test_a_graph_gives_what_the_network_gives(network, caplog):
    graphs = graphed(network.logits)
    for size in ((64, 96), (181, 243), (64, 96)):
        for _ in range(2):
            x = images(*size)
            torch.testing.assert_close(graphs(x), network.logits(x), rtol=1e-2, atol=1e-2)
    assert not caplog.messages


@pytest.mark.gpu
@pytest.mark.usefixtures('on_a_stream')
def test_many_sizes_take_no_more_memory_than_a_few(network):
    sizes = [(512 - 16 * n, 1024 - 32 * n) for n in range(12)]
    graphs = graphed(network.logits, limit=4)
    reserved = []
    for _ in range(3):
        for size in sizes:
            graphs(images(*size))
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        reserved.append(torch.cuda.memory_reserved())
    assert reserved[2] <= 1.1 * reserved[0]


@pytest.mark.gpu
@pytest.mark.usefixtures('on_a_stream')
def test_graphs_give_their_memory_back(network):
    network.logits(images(256, 512))  # so that the libraries hold what they go on holding
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    before = torch.cuda.memory_reserved()
    graphs = graphed(network.logits)
    graphs(images(256, 512))
    torch.cuda.synchronize()
    assert torch.cuda.memory_reserved() > before
    del graphs
    torch.cuda.empty_cache()
    assert torch.cuda.memory_reserved() <= before
