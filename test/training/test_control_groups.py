"""The memory that a container or a job has, by the files in which Linux tells it."""

import pytest

from csrnet_ros.training.control_groups import free_in_groups


def write(root, files):
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_machine_without_limits(tmp_path):
    files = {'proc/self/cgroup': '0::/a/b\n', 'sys/fs/cgroup/a/b/memory.max': 'max\n'}
    assert list(free_in_groups(write(tmp_path, files))) == []
    assert all(free > 0 for free in free_in_groups()), 'and this one has at least some'


@pytest.mark.parametrize('name', ['/', '/../../of/the/host', '/of/the/host'])
def test_a_container_sees_its_own_group_at_the_top(tmp_path, name):
    files = {
        'proc/self/cgroup': f'0::{name}\n',
        'sys/fs/cgroup/memory.max': '8000\n',
        'sys/fs/cgroup/memory.current': '3000\n',
        'sys/fs/cgroup/memory.stat': 'anon 2000\ninactive_file 900\n',
    }
    assert list(free_in_groups(write(tmp_path, files))) == [5900]


def test_the_limits_of_groups_within_groups(tmp_path):
    groups = {'job': (8000, 7000), 'job/step': (5000, 1000)}
    files = {'proc/self/cgroup': '1:cpu:/\n0::/job/step/task\n'}
    for name, (limit, used) in groups.items():
        folder = f'sys/fs/cgroup/{name}'
        files |= {
            f'{folder}/memory.max': f'{limit}\n',
            f'{folder}/memory.current': f'{used}\n',
            f'{folder}/memory.stat': 'inactive_file 0\n',
        }
    assert list(free_in_groups(write(tmp_path, files))) == [4000, 1000]


def test_the_older_layout(tmp_path):
    files = {
        'proc/self/cgroup': '4:memory:/docker/1f\n0::/\n',
        'sys/fs/cgroup/memory/memory.limit_in_bytes': '8000\n',
        'sys/fs/cgroup/memory/memory.usage_in_bytes': '9000\n',
        'sys/fs/cgroup/memory/memory.stat': 'total_inactive_file 500\n',
    }
    assert list(free_in_groups(write(tmp_path, files))) == [0]
