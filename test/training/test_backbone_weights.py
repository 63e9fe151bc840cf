"""Where a backbone's weights come from."""

import pytest
import safetensors.torch
import torch
from torchvision.models import resnet18

from csrnet_ros.errors import TrainingError
from csrnet_ros.model import VARIANTS, CSRNet
from csrnet_ros.model.backbone import ResNet18Backbone
from csrnet_ros.model.checkpoint import load_checkpoint
from csrnet_ros.training.backbone_weights import load_backbone


@pytest.fixture(scope='module')
def resnet():
    """A ResNet-18 as torchvision has it, with statistics unlike those of a fresh one."""
    torch.manual_seed(7)
    network = resnet18().train()
    network(torch.randn(2, 3, 64, 64))
    return network.eval()


def same(backbone, weights):
    found = backbone.state_dict()
    return all(torch.equal(value, weights[name]) for name, value in found.items())


@pytest.mark.parametrize('name', ['resnet18.pth', 'resnet18.safetensors'])
def test_a_file_of_torchvisions(tmp_path, resnet, name):
    path, backbone = tmp_path / name, ResNet18Backbone()
    save = safetensors.torch.save_file if path.suffix == '.safetensors' else torch.save
    save(resnet.state_dict(), path)
    load_backbone(backbone, source=str(path))
    assert same(backbone, resnet.state_dict())
    # The same network: RB-4, after the ReLU that leaves it, is what torchvision pools.
    x = torch.randn(1, 3, 64, 96)
    pooled = []
    hook = resnet.avgpool.register_forward_hook(lambda _, inputs, __: pooled.append(inputs[0]))
    resnet(x)
    hook.remove()
    torch.testing.assert_close(backbone.eval()(x)[32].relu(), pooled[0])


def test_a_checkpoint_of_ours(weights):
    backbone = ResNet18Backbone()
    load_backbone(backbone, source=str(weights))
    network = load_checkpoint(weights).build()
    assert same(backbone, network.backbone.state_dict())


def test_none_leaves_the_backbone_as_it_is():
    network = CSRNet(VARIANTS['light'], num_classes=2)
    before = {name: value.clone() for name, value in network.backbone.state_dict().items()}
    load_backbone(network.backbone, source='none')
    assert same(network.backbone, before)


def test_imagenet_comes_through_torchvisions_cache(tmp_path, monkeypatch, resnet):
    cache = tmp_path / 'hub' / 'checkpoints'
    cache.mkdir(parents=True)
    torch.save(resnet.state_dict(), cache / 'resnet18-f37072fd.pth')
    monkeypatch.setattr(torch.hub, '_hub_dir', None)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    backbone = ResNet18Backbone()
    load_backbone(backbone, source='imagenet')
    assert same(backbone, resnet.state_dict())


def test_without_a_network_the_message_says_what_else_there_is(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, '_hub_dir', None)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    for name in ('http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'):
        monkeypatch.setenv(name, 'http://127.0.0.1:9')  # nobody listens there
    monkeypatch.setenv('no_proxy', '')
    with pytest.raises(TrainingError, match=r'--backbone-weights FILE.*--recipe scratch'):
        load_backbone(ResNet18Backbone(), source='imagenet')


@pytest.mark.parametrize('content', [b'', b'hello world', b'\x80\x02garbage'])
@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_a_damaged_file_is_named(tmp_path, suffix, content):
    path = tmp_path / f'weights{suffix}'
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=f'{path}: its weights cannot be read'):
        load_backbone(ResNet18Backbone(), source=str(path))


def test_a_file_that_would_run_code_is_refused(tmp_path, resnet):
    path = tmp_path / 'whole_network.pth'
    torch.save(resnet, path)
    with pytest.raises(TrainingError, match='nothing but tensors'):
        load_backbone(ResNet18Backbone(), source=str(path))


@pytest.mark.parametrize('content', [[1, 2], {'epoch': 3}])
def test_a_file_without_a_table_of_tensors(tmp_path, content):
    path = tmp_path / 'other.pth'
    torch.save(content, path)
    with pytest.raises(TrainingError, match='holds no table of tensors'):
        load_backbone(ResNet18Backbone(), source=str(path))


def test_weights_of_another_network(tmp_path):
    path = tmp_path / 'other.pth'
    torch.save({'conv1.weight': torch.zeros(3, 3)}, path)
    with pytest.raises(TrainingError, match=r'not the weights of a ResNet-18.*csrnet-train'):
        load_backbone(ResNet18Backbone(), source=str(path))
    with pytest.raises(TrainingError, match='no such file of backbone weights'):
        load_backbone(ResNet18Backbone(), source=str(tmp_path / 'absent.pth'))
