"""A second process on the topics: what the tests of the node speak to it through."""

import array
import contextlib
import copy
import itertools
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
import torch
from builtin_interfaces.msg import Time
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.client import Client
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from csrnet_ros.cli.children import Children
from csrnet_ros.cli.domain import own_domain
from csrnet_ros.inference import SegmentationEngine
from csrnet_ros.labels import LabelSet
from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, save_checkpoint
from node_process import NODE, NodeProcess

# Nothing leaves this machine, and two test runs side by side never meet.
os.environ |= own_domain()

TIMEOUT_S = 60.0
SECONDS = itertools.count(1)


class Peer:
    """A node of the tests, spun on a thread of its own in a context of its own."""

    def __init__(self) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = LifecycleNode('peer', context=self._context)
        self._clients: dict[str, Client] = {}
        self._undo = contextlib.ExitStack()
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def listen(
        self, topic: str, message_type: Any = Image, *, into: queue.Queue | None = None
    ) -> queue.Queue:
        """Return a queue, ``into`` if given, that receives the messages of ``topic``."""
        inbox = queue.Queue() if into is None else into
        subscription = self.node.create_subscription(message_type, topic, inbox.put, 100)
        self._undo.callback(self.node.destroy_subscription, subscription)
        return inbox

    def camera(
        self, topic: str = '/camera/image_raw', message_type: Any = Image
    ) -> Callable[[Any], None]:
        """Return what publishes images as a camera does."""
        publisher = self.node.create_publisher(message_type, topic, 100)
        self._undo.callback(self.node.destroy_publisher, publisher)
        return publisher.publish

    def stamp(self) -> Time:
        """Return a stamp that was never given before."""
        return Time(sec=next(SECONDS), nanosec=123456789)

    def client(self, service_type: Any, name: str) -> Client:
        """Return the client of a service, which is there."""
        if name not in self._clients:
            self._clients[name] = client = self.node.create_client(service_type, name)
            self._undo.callback(self.node.destroy_client, client)
            assert client.wait_for_service(TIMEOUT_S), f'no service {name}'
        return self._clients[name]

    def call(self, service_type: Any, name: str, *, tries: int = 30, **request: Any) -> Any:
        """Call a service, again if nothing comes back, and return its response.

        A response is lost if the service knows the client's request but not yet its reader.
        """
        client = self.client(service_type, name)
        answers: queue.Queue = queue.Queue()
        for _ in range(tries):
            future = client.call_async(service_type.Request(**request))
            future.add_done_callback(lambda future: answers.put(future.result()))
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=TIMEOUT_S / tries)
        raise AssertionError(f'no answer from {name}')

    def set_string(self, name: str, value: str, *, node: str = '/csrnet') -> bool:
        """Set a parameter of the node; return whether it accepted it."""
        kind = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
        parameters = [Parameter(name=name, value=kind)]
        response = self.call(SetParameters, f'{node}/set_parameters', parameters=parameters)
        return response.results[0].successful

    def message(self, image: np.ndarray, encoding: str = 'rgb8', *, padding: int = 0) -> Image:
        """Return uint8 (H, W) or (H, W, C) as a message, with so many more bytes in each row."""
        height, width = image.shape[:2]
        rows = np.pad(image.reshape(height, -1), ((0, 0), (0, padding)), constant_values=77)
        message = Image(height=height, width=width, encoding=encoding, step=rows.shape[1])
        message.data = array.array('B', rows.tobytes())
        message.header.stamp = self.stamp()
        message.header.frame_id = 'camera_optical_frame'
        return message

    @staticmethod
    def pixels(message: Image) -> np.ndarray:
        """Return the pixels of a message without padding, uint8 (H, W) or (H, W, 3)."""
        pixels = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, -1)
        return pixels[..., 0] if message.encoding == 'mono8' else pixels

    def ask(self, send: Callable[[Image], None], message: Image, inbox: queue.Queue) -> Image:
        """Send ``message`` and return its answer, once ``send`` and ``inbox`` are connected."""
        self.connect(send, message, inbox)
        send(message)
        while (answer := inbox.get(timeout=TIMEOUT_S)).header.stamp != message.header.stamp:
            pass
        return answer

    def connect(self, send: Callable[[Image], None], message: Image, inbox: queue.Queue) -> None:
        """Send copies of ``message`` until one is answered: both processes know each other."""
        probe = copy.copy(message)
        probe.header = Header(stamp=self.stamp())
        for _ in range(int(4 * TIMEOUT_S)):
            send(probe)
            with contextlib.suppress(queue.Empty):
                while inbox.get(timeout=0.25).header.stamp != probe.header.stamp:
                    pass
                return
        raise AssertionError('no answer')

    @staticmethod
    def until(condition: Callable[[], bool]) -> None:
        """Wait for what becomes true when the news of it has come from the other process."""
        for _ in range(int(20 * TIMEOUT_S)):
            if condition():
                return
            time.sleep(0.05)  # rclpy tells nobody when its view of the topics changes
        raise AssertionError('it never came')

    @staticmethod
    def values_when(
        inbox: queue.Queue, condition: Callable[[dict[str, str]], bool]
    ) -> dict[str, str]:
        """Return the keys and values of the first diagnostics that fulfil ``condition``."""
        values: dict[str, str] = {}
        for _ in range(int(TIMEOUT_S)):
            statuses = inbox.get(timeout=TIMEOUT_S).status
            values = {pair.key: pair.value for status in statuses for pair in status.values}
            if condition(values):
                return values
        raise AssertionError(f'never came; the last were {values}')

    def forget(self) -> None:
        """Leave every topic and service."""
        self._undo.close()
        self._clients.clear()

    def close(self) -> None:
        """End the thread and the context."""
        self.forget()
        self._context.try_shutdown()
        self._thread.join()
        self.node.destroy_node()

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()


@pytest.fixture(scope='session')
def engine(weights: Path) -> SegmentationEngine:
    """The engine that the node runs, in this process."""
    return SegmentationEngine.from_checkpoint(weights, device='cpu')


@pytest.fixture(scope='session')
def other_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained medium network of two classes."""
    torch.manual_seed(5)
    labels = LabelSet('two', ('ground', 'rest'), ((1, 2, 3), (4, 5, 6)))
    network = CSRNet(VARIANTS['medium'], num_classes=2)
    path = tmp_path_factory.mktemp('other') / 'other.safetensors'
    gray = (110.0, 110.0, 110.0)
    save_checkpoint(path, Checkpoint(network.config, labels, gray, gray, network.state_dict()))
    return path


@pytest.fixture
def image() -> np.ndarray:
    """RGB uint8 (72, 96, 3): blocks and noise, in which the network finds several classes."""
    random = np.random.default_rng(3)
    blocks = random.integers(0, 256, (9, 12, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return (blocks * 0.8 + random.integers(0, 50, (72, 96, 3))).astype(np.uint8)


@pytest.fixture(scope='session')
def _peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def peer(_peer: Peer) -> Iterator[Peer]:
    """A node of this process, with neither topics nor services left from other tests."""
    yield _peer
    _peer.forget()


@pytest.fixture
def children() -> Iterator[Children]:
    """Starts further processes, those of the package soak; they end by themselves."""
    with Children({'PYTHONPATH': str(Path(__file__).parents[1])}) as children:
        yield children


@pytest.fixture
def start_node(weights: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Start the node with the untrained weights and further ROS arguments; it ends by itself."""
    yield from _starter(weights)


@pytest.fixture(scope='module')
def start_module_node(weights: Path) -> Iterator[Callable[..., NodeProcess]]:
    """Do as ``start_node``, for a node that serves all tests of a module."""
    yield from _starter(weights)


def _starter(weights: Path) -> Iterator[Callable[..., NodeProcess]]:
    started: list[NodeProcess] = []

    def start(*ros_args: str, command: Sequence[str] = NODE) -> NodeProcess:
        parameters = {'weights': weights, 'device': 'cpu', 'image_width': 96, 'image_height': 72}
        given = [part for item in parameters.items() for part in ('-p', '{}:={}'.format(*item))]
        started.append(NodeProcess(*given, *ros_args, command=command))
        return started[-1]

    yield start
    for process in started:
        process.kill()
