"""The permissions that docs/security.md lists are those that the node needs."""

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

SECURITY = Path(__file__).resolve().parents[2] / 'docs' / 'security.md'

# Its own, since a node that an earlier test killed is known by its name until its lease ends.
NAME = 'guarded'
NAMESPACE = '/robot1'
HERE = f'{NAMESPACE}/{NAME}'

# What there is only with other parameters or with packages that are no dependencies.
OPTIONAL = {
    'subscribe': {f'{NAMESPACE}/camera/image_raw/compressed'},
    'publish': {f'{HERE}/frame_timing', f'{HERE}/label_info'},
    'reply': set(),
}


def full_name(name: str) -> str:
    """Return a name of the policy as SROS 2 reads it in a profile of the node."""
    if name.startswith('/'):
        return name
    return f'{HERE}{name[1:]}' if name.startswith('~') else f'{NAMESPACE}/{name}'


def listed() -> dict[str, set[str]]:
    """Return the full names that the policy allows, by what is allowed."""
    (block,) = re.findall(r'```xml\n(.*?)```', SECURITY.read_text(), re.DOTALL)
    names: dict[str, set[str]] = {}
    for allowed in ElementTree.fromstring(block).iter():
        for what in OPTIONAL:
            if allowed.get(what) == 'ALLOW':
                names[what] = {full_name(name.text or '') for name in allowed}
    return names


def test_the_policy_allows_what_the_node_opens_and_nothing_else(
    peer, start_node: Callable
) -> None:
    place = ('-r', f'__node:={NAME}', '-r', f'__ns:={NAMESPACE}')
    start_node('-p', 'use_sim_time:=true', *place).wait_for('labelling')
    peer.until(lambda: (NAME, NAMESPACE) in peer.node.get_node_names_and_namespaces())
    ask = {
        'subscribe': peer.node.get_subscriber_names_and_types_by_node,
        'publish': peer.node.get_publisher_names_and_types_by_node,
        'reply': peer.node.get_service_names_and_types_by_node,
    }
    allowed = listed()
    assert set(allowed) == set(ask)
    for what, names_by_node in ask.items():
        expected = allowed[what] - OPTIONAL[what]

        def opened(names_by_node: Callable = names_by_node) -> set[str]:
            return {name for name, _ in names_by_node(NAME, NAMESPACE)}

        peer.until(lambda opened=opened, expected=expected: opened() >= expected)
        assert opened() <= allowed[what]
    assert peer.node.get_client_names_and_types_by_node(NAME, NAMESPACE) == []
