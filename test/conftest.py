"""What every test can ask for: a GPU by the mark ``gpu``, real data by a fixture."""

import os
import runpy
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from commands import Running

# Small tensors gain nothing from threads, and on a busy machine threads wait for each other. Set
# before PyTorch is imported, and inherited by the processes that the tests start.
os.environ.setdefault('OMP_NUM_THREADS', '1')

# Who starts the tests in the background may have them ignore Ctrl-C, and so their processes too.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker('gpu'):
        import torch  # here, so that tests without a network start fast

        if not torch.cuda.is_available():
            pytest.skip('needs a CUDA device, and PyTorch sees none')


@pytest.fixture(scope='session', autouse=True)
def cache_folder(tmp_path_factory, worker_id) -> Iterator[Path]:
    """The tests' own folder for what the commands remember, one for all their processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == 'master' else base.parent) / 'cache'
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(folder))
        yield folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, where OpenVINO and NNCF would keep the name they report under."""
    folder = tmp_path / 'home'
    folder.mkdir()
    monkeypatch.setenv('HOME', str(folder))
    monkeypatch.delenv('CI', raising=False)  # which would have them be silent
    return folder


@pytest.fixture
def with_messages(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """A function that builds a message package, for the processes that the test then starts."""

    environment = runpy.run_path(str(REPOSITORY / 'tools' / 'build_msgs.py'))['environment']

    def build(package: Path) -> None:
        for name, places in environment(package).items():
            monkeypatch.setenv(name, places)

    return build


@pytest.fixture
def start_two(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Running]]:
    """A function that starts a script in two processes, with what torchrun tells them."""

    def start(script: Path, *arguments: object) -> list[Running]:
        with socket.create_server(('127.0.0.1', 0)) as free:
            port = free.getsockname()[1]
        told = {
            'MASTER_ADDR': '127.0.0.1',
            'MASTER_PORT': port,
            'WORLD_SIZE': 2,
            'TORCHELASTIC_RUN_ID': 'of the tests',
        }
        ranks = []
        for rank in range(2):
            for name, value in {**told, 'RANK': rank, 'LOCAL_RANK': rank}.items():
                monkeypatch.setenv(name, str(value))
            ranks.append(Running(script, *arguments))
        return ranks

    return start


@pytest.fixture(scope='session')
def camvid_root() -> Path:
    """The CamVid data set, which CSRNET_CAMVID_ROOT or the folder beside the repository names."""
    beside = REPOSITORY.parent / 'shared' / 'data' / 'CamVid'
    root = Path(os.environ.get('CSRNET_CAMVID_ROOT', beside))
    if not root.is_dir():
        pytest.skip(f'no CamVid in {root}; CSRNET_CAMVID_ROOT can name its folder')
    return root


@pytest.fixture(scope='session')
def make_camvid():
    """A function that draws a small CamVid in the SegNet layout, 96x128 pixels, void included."""
    import cv2

    from csrnet_ros.training.datasets.street import draw_street

    def make(root: Path, *, train: int = 4, val: int = 2, test: int = 2) -> Path:
        for part, count in {'train': train, 'val': val, 'test': test}.items():
            (root / part).mkdir(parents=True)
            (root / f'{part}annot').mkdir()
            suffix = '.jpg' if part == 'train' else '.png'
            lines = []
            for number in range(count):
                image, label = draw_street(number, seed=count, height_px=96, width_px=128)
                label[-4:] = 11
                name = f'{part}_{number:03}'
                cv2.imwrite(str(root / part / f'{name}{suffix}'), image[..., ::-1])
                cv2.imwrite(str(root / f'{part}annot' / f'{name}.png'), label)
                # As the lists in use have it: a foreign prefix, and .png throughout.
                lines.append(
                    f'/SegNet/CamVid/{part}/{name}.png /SegNet/CamVid/{part}annot/{name}.png'
                )
            (root / f'{part}.txt').write_text('\n'.join(lines) + '\n')
        return root

    return make


@pytest.fixture
def small_camvid(tmp_path, make_camvid) -> Path:
    """The root of a small CamVid of 4, 2 and 2 images, the test's own."""
    return make_camvid(tmp_path / 'CamVid')


@pytest.fixture(scope='session')
def make_original_camvid():
    """A function that draws a small CamVid as its authors give it, with all 32 colours."""
    import cv2
    import numpy as np

    from csrnet_ros.training.datasets.camvid_original import ORIGINAL
    from csrnet_ros.training.datasets.street import draw_street

    def make(root: Path) -> Path:
        for folder in ('701_StillsRaw_full', 'LabeledApproved_full'):
            (root / folder).mkdir(parents=True)
        colors = np.array([color for _, color, _ in ORIGINAL], np.uint8)
        for part, stems in {'train': '0001TP_1', 'val': '0016E5_2', 'test': 'Seq05VD_3'}.items():
            image, _ = draw_street(0, height_px=96, width_px=128)
            # A row of 32 stripes, 4 pixels wide.
            label = np.broadcast_to(colors.repeat(4, 0), (96, 128, 3))
            cv2.imwrite(str(root / '701_StillsRaw_full' / f'{stems}.png'), image[..., ::-1])
            cv2.imwrite(str(root / 'LabeledApproved_full' / f'{stems}_L.png'), label[..., ::-1])
            (root / f'{part}.txt').write_text(f'/SegNet/CamVid/{part}/{stems}.png x.png\n\n')
        return root

    return make


@pytest.fixture(scope='session')
def make_cityscapes():
    """A function that draws a small Cityscapes, 64x128 pixels, all labelIds in each label."""
    import cv2
    import numpy as np

    def make(root: Path, *, splits: tuple[str, ...] = ('train', 'val')) -> Path:
        random = np.random.RandomState(0)
        for split in splits:
            for city in ('ulm', 'aachen'):
                name = f'{city}_000000_000019'
                images, labels = (root / kind / split / city for kind in ('leftImg8bit', 'gtFine'))
                images.mkdir(parents=True)
                labels.mkdir(parents=True)
                image = random.randint(0, 256, (64, 128, 3)).astype(np.uint8)
                label = np.arange(64, dtype=np.uint8)[:, None].repeat(128, 1) % 34
                cv2.imwrite(str(images / f'{name}_leftImg8bit.png'), image)
                cv2.imwrite(str(labels / f'{name}_gtFine_labelIds.png'), label)
                cv2.imwrite(str(labels / f'{name}_gtFine_color.png'), image)
        return root

    return make


@pytest.fixture(scope='session')
def weights(tmp_path_factory) -> Path:
    """A checkpoint of the light network with untrained numbers, for CamVid's classes."""
    import torch

    from csrnet_ros.labels import CAMVID
    from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, save_checkpoint

    torch.manual_seed(1)
    network = CSRNet(VARIANTS['light'], num_classes=len(CAMVID))
    gray = (110.0, 110.0, 110.0)
    # A name with a blank, which paths on a robot may have too.
    path = tmp_path_factory.mktemp('some weights') / 'untrained.safetensors'
    checkpoint = Checkpoint(network.config, CAMVID, gray, gray, network.state_dict())
    save_checkpoint(path, checkpoint)
    return path
