"""What every test can ask for: a GPU by the mark ``gpu``, real data by a fixture."""

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker('gpu'):
        import torch  # here, so that tests without a network start fast

        if not torch.cuda.is_available():
            pytest.skip('needs a CUDA device, and PyTorch sees none')


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
