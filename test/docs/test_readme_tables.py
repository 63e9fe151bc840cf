"""README.md's tables, and the layouts of the viewers, tell of what the node really has."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / 'README.md').read_text()
FOXGLOVE = json.loads((REPOSITORY / 'config' / 'csrnet_foxglove.json').read_text())
RVIZ = yaml.safe_load((REPOSITORY / 'config' / 'csrnet.rviz').read_text())
FRAME_TIMING = (REPOSITORY / 'msg' / 'FrameTiming.msg').read_text()


@pytest.fixture(scope='module')
def description() -> dict[str, Any]:
    """What the package says of itself."""
    script = REPOSITORY / 'tools' / 'docs' / 'describe.py'
    done = subprocess.run([sys.executable, script], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def table(section: str, head: str) -> list[list[str]]:
    """Return the rows of the table of a section whose head begins with a word."""
    text = re.search(rf'^## {section}\n(.*?)^## ', README, re.DOTALL | re.MULTILINE)[1]
    rows = re.search(rf'^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)+)', text, re.MULTILINE)[1]
    return [[cell.strip() for cell in line.split('|')[1:-1]] for line in rows.splitlines()]


def topics_of_readme() -> dict[str, str]:
    """Return the type cell of every topic, by its absolute name."""
    found = {}
    for topics, kind, _ in table('Topics', 'Topic'):
        for name in re.findall('`([^`]+)`', re.sub(r'\(.*?\)', '', topics)):
            found[name if name.startswith('/') else f'/{name}'] = kind
    return found


def is_here(kind: str) -> bool:
    """Return whether the package of a type such as `sensor_msgs/Image` can be imported."""
    return importlib.util.find_spec(re.match(r'`(\w+)/', kind)[1]) is not None


def test_every_parameter_stands_with_its_default(description) -> None:
    told = {}
    for names, defaults, _ in table('Parameters', 'Parameter'):
        names = re.findall('`([^`]+)`', names)
        told |= zip(names, defaults.split(', ') if len(names) > 1 else [defaults], strict=True)
    real = {}
    for row in description['parameters']:
        default = row['default']
        text = json.dumps(default) if isinstance(default, bool) else str(default)
        real[row['name']] = text
    assert {name: text.strip('`') for name, text in told.items()} == real


def test_every_parameter_stands_with_the_time_when_it_is_read(description) -> None:
    marks = {'live': 'live: ', 'start': 'at start: ', 'load': '', 'configure': ''}
    told = {}
    for names, _, meaning in table('Parameters', 'Parameter'):
        mark = re.match('(live: |at start: )?', meaning)[0]
        told |= dict.fromkeys(re.findall('`([^`]+)`', names), mark)
    assert told == {row['name']: marks[row['read_at']] for row in description['parameters']}


def test_every_topic_stands_with_its_type_and_no_other(description) -> None:
    told = topics_of_readme()
    real = {row['name']: row['type'] for row in description['topics']}
    assert set(real) <= set(told)
    assert [name for name, kind in real.items() if f'`{kind}`' not in told[name]] == []
    assert [name for name in set(told) - set(real) if is_here(told[name])] == []


def test_every_service_stands_with_its_type_and_no_other(description) -> None:
    told = {name.strip('`'): kind.strip('`') for name, kind, _ in table('Topics', 'Service')}
    assert told == {row['name']: row['type'] for row in description['services']}


def test_every_command_has_its_help_on_a_page(description) -> None:
    page = (REPOSITORY / 'docs' / 'commands.md').read_text()
    shown = re.findall(r'^<!-- help: (.+) -->$', page, re.MULTILINE)
    assert sorted(shown) == sorted(description['commands'])


def test_every_launch_argument_stands_in_its_table() -> None:
    launch_file = ast.parse((REPOSITORY / 'launch' / 'segment.launch.py').read_text())
    declared = {
        node.args[0].value
        for node in ast.walk(launch_file)
        if isinstance(node, ast.Call) and getattr(node.func, 'id', '') == 'DeclareLaunchArgument'
    }
    told = {
        name
        for row in table('Launch arguments', 'Argument')
        for name in re.findall(r'`(\w+)`', row[0])
    }
    assert told == declared


def test_rviz_shows_images_that_are_there(description) -> None:
    shown = {}
    for display in RVIZ['Visualization Manager']['Displays']:
        assert display['Class'] == 'rviz_default_plugins/Image'
        assert display['Enabled']
        assert display['Name'] in RVIZ['Window Geometry']
        shown[display['Topic']['Value']] = display['Topic']['Reliability Policy']
    real = {row['name']: row for row in description['topics']}
    assert len(shown) == 3
    for name, reliability in shown.items():
        assert real[name]['type'] == 'sensor_msgs/Image'
        assert reliability.lower() in real[name]['qos']


def test_foxglove_shows_images_and_numbers_that_are_there(description) -> None:
    fields = re.findall(r'^(?:uint64|float32) (\w+)$', FRAME_TIMING, re.MULTILINE)
    images = {row['name'] for row in description['topics'] if row['type'] == 'sensor_msgs/Image'}
    plotted = set()
    for name, panel in FOXGLOVE['configById'].items():
        if name.startswith('Image!'):
            assert panel['imageMode']['imageTopic'] in images
            continue
        assert name.startswith('Plot!')
        for path in panel['paths']:
            topic, field = path['value'].split('.')
            assert path['enabled']
            assert topics_of_readme()[topic] == '`csrnet_msgs/FrameTiming`'
            plotted.add(field)
    assert plotted == set(fields)


def test_foxglove_lays_out_every_panel_once() -> None:
    def leaves(node: dict[str, Any] | str) -> list[str]:
        if isinstance(node, str):
            return [node]
        assert node['direction'] in ('row', 'column')
        assert 0 < node['splitPercentage'] < 100
        return leaves(node['first']) + leaves(node['second'])

    assert sorted(leaves(FOXGLOVE['layout'])) == sorted(FOXGLOVE['configById'])
