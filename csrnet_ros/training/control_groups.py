"""What control groups leave free of a machine's memory: a container, pod or job has its limit."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class _Layout:
    """The files of one of the two versions of control groups that Linux has.

    :param top: where the groups are
    :param cache: in memory.stat, what is counted as used but can be had at once
    """

    top: str
    limit: str
    used: str
    cache: str


_LAYOUTS = {  # by what /proc/self/cgroup has between its colons
    '': _Layout('sys/fs/cgroup', 'memory.max', 'memory.current', 'inactive_file'),
    'memory': _Layout(
        'sys/fs/cgroup/memory',
        'memory.limit_in_bytes',
        'memory.usage_in_bytes',
        'total_inactive_file',
    ),
}


def free_in_groups(root: Path = Path('/')) -> Iterator[int]:
    """Yield how many bytes each control group of this process leaves it, where it has a limit.

    :param root: of the file system
    """
    for line in (root / 'proc/self/cgroup').read_text().splitlines():
        _, controllers, name = line.split(':', 2)
        if layout := _LAYOUTS.get(controllers):
            # In a container the name may be one of the host; its own group is then at the top.
            top = root / layout.top
            group = top / name.lstrip('/')
            groups = (one for one in (group, *group.parents) if one.is_relative_to(top))
            for folder in groups:
                if (folder / layout.limit).exists():
                    yield from _free(folder, layout)


def _free(group: Path, layout: _Layout) -> Iterator[int]:
    limit = (group / layout.limit).read_text().strip()
    if limit == 'max':
        return
    stat = dict(line.split() for line in (group / 'memory.stat').read_text().splitlines())
    used = int((group / layout.used).read_text()) - int(stat[layout.cache])
    yield max(0, int(limit) - used)
