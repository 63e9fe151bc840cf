"""The page of csrnet-eval in a real browser, and its comparison sheets."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import torch

import commands
from csrnet_ros.labels import CAMVID
from csrnet_ros.media.frames import read_image
from csrnet_ros.media.sheet import CAPTION_PX, GAP_PX, PANEL_WIDTH_PX, TITLE_PX
from csrnet_ros.model import VARIANTS, Checkpoint, CSRNet, save_checkpoint

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'chrome', 'chrome-headless-shell')
DESKTOP_PX, PHONE_PX = (1280, 800), (390, 844)

LEAST_CONTRAST = 4.5

CONTRASTS = """
const context = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
const rgba = color => {
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data;
};
const luminance = color => {
  const [r, g, b] = [...rgba(color)].map(v => v / 255).map(
    v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  const color = getComputedStyle(element).backgroundColor;
  return rgba(color)[3] || !element.parentElement ? color : ground(element.parentElement);
};
[...document.querySelectorAll('body *')]
  .filter(e => [...e.childNodes].some(n => n.nodeType == 3 && n.data.trim()))
  .map(e => {
    const [a, b] = [luminance(getComputedStyle(e).color), luminance(ground(e))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.trim()];
  })
"""
"""The contrast of every text in a page with what it stands on, as WCAG 2 defines it."""


class Browser:
    """A headless Chromium with one page, driven by its debugging protocol through two pipes."""

    def __init__(self, program, profile):
        theirs = [0, 0]
        theirs[0], commands = os.pipe()
        answers, theirs[1] = os.pipe()

        def take_ends():
            # The browser knows them as 3 and 4, which may stand for something else here.
            spare = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in theirs]
            for number, end in enumerate(spare, start=3):
                os.dup2(end, number)

        options = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe']
        self._process = subprocess.Popen(
            [program, *options, '--no-first-run', f'--user-data-dir={profile}'],
            stderr=subprocess.DEVNULL,
            preexec_fn=take_ends,
            close_fds=False,
        )
        for end in theirs:
            os.close(end)
        self._commands, self._answers = os.fdopen(commands, 'wb', 0), os.fdopen(answers, 'rb')
        self._session, self._calls, self.events = {}, 0, []
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=target, flatten=True)
        self._session = {'sessionId': session['sessionId']}
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.call(f'{domain}.enable')

    def call(self, method, **parameters):
        """Return the answer to a command; what happens meanwhile goes to ``events``."""
        self._calls += 1
        message = {'id': self._calls, 'method': method, 'params': parameters, **self._session}
        self._commands.write(json.dumps(message).encode() + b'\0')
        while (answer := self._read()).get('id') != self._calls:
            self.events.append(answer)
        assert 'error' not in answer, answer
        return answer['result']

    def show(self, page, *, size_px, scheme):
        """Load a file on a screen of a size, in the color scheme, light or dark."""
        width_px, height_px = size_px
        self.call(
            'Emulation.setDeviceMetricsOverride', width=width_px, height=height_px,
            deviceScaleFactor=1, mobile=width_px < 500,
        )  # fmt: skip
        feature = {'name': 'prefers-color-scheme', 'value': scheme}
        self.call('Emulation.setEmulatedMedia', features=[feature])
        self.events.clear()
        self.call('Page.navigate', url=page.as_uri())
        while not any(event['method'] == 'Page.loadEventFired' for event in self.events):
            self.events.append(self._read())

    def evaluate(self, expression):
        """Return the value of a JavaScript expression in the page."""
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True)
        assert 'exceptionDetails' not in answer, answer
        return answer['result']['value']

    def close(self):
        self._process.kill()
        self._process.wait()
        self._commands.close()
        self._answers.close()

    def _read(self):
        message = bytearray()
        while (byte := self._answers.read(1)) != b'\0':
            assert byte, 'the browser is gone'
            message += byte
        return json.loads(message)


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f'no browser is installed: none of {", ".join(BROWSERS)}')
    browser = Browser(program, tmp_path_factory.mktemp('profile'))
    yield browser
    browser.close()


def always(path, name, **provenance):
    """Write a network that takes everything for one class."""
    network = CSRNet(VARIANTS['light'], num_classes=len(CAMVID))
    torch.nn.init.zeros_(network.classify.weight)
    network.classify.bias.data[CAMVID.index(name)] = 1
    gray = (110.0, 110.0, 110.0)
    weights = network.state_dict()
    save_checkpoint(path, Checkpoint(network.config, CAMVID, gray, gray, weights, provenance))
    return path


@pytest.fixture(scope='module')
def written(tmp_path_factory, make_camvid):
    """What csrnet-eval writes of two networks, and what it says."""
    folder = tmp_path_factory.mktemp('report')
    road = always(folder / 'road.safetensors', 'road', data='<drawn>', settings={'epochs': 3})
    building = always(folder / 'building.safetensors', 'building')
    done = commands.run(
        'eval', '--device', 'cpu',
        '--root', make_camvid(folder / 'CamVid', test=3), '--weights', road, building,
        '--sheets', folder / 'new' / 'sheets', '--report', folder / 'other' / 'report.html',
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('size_px', [DESKTOP_PX, PHONE_PX], ids=['desktop', 'phone'])
def test_the_page_can_be_read_loads_nothing_and_gives_no_cause_for_complaint(
    browser, written, size_px, scheme
):
    page = written[0] / 'other' / 'report.html'
    browser.show(page, size_px=size_px, scheme=scheme)
    requests = [
        event['params']['request']['url']
        for event in browser.events
        if event['method'] == 'Network.requestWillBeSent'
    ]
    assert {url for url in requests if not url.startswith('data:')} == {page.as_uri()}
    complaints = ('Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded')
    assert [event for event in browser.events if event['method'] in complaints] == []
    assert browser.evaluate('innerWidth') == size_px[0]
    assert browser.evaluate('document.documentElement.scrollWidth') <= size_px[0]
    assert browser.evaluate('document.compatMode') == 'CSS1Compat'
    assert browser.evaluate('[...document.images].every(i => i.naturalWidth && i.alt)')
    ground = browser.evaluate('getComputedStyle(document.body).backgroundColor')
    assert (ground == 'rgb(255, 255, 255)') == (scheme == 'light')
    contrasts = browser.evaluate(CONTRASTS)
    assert len(contrasts) > 100
    assert [pair for pair in contrasts if pair[0] < LEAST_CONTRAST] == []


def test_the_page_tells_what_was_measured_and_where_the_weights_are_from(browser, written):
    browser.show(written[0] / 'other' / 'report.html', size_px=DESKTOP_PX, scheme='light')
    text = browser.evaluate('document.body.innerText')
    assert 'road and building on CamVid test, SegNet labels' in text
    assert hashlib.sha256((written[0] / 'road.safetensors').read_bytes()).hexdigest() in text
    assert '<drawn>' in text
    assert 'settings: epochs' in text
    # Three images, each with its truth and what both networks made of it.
    assert browser.evaluate('document.images.length') == 3 * 6


def test_sheets_show_image_truth_and_networks_where_those_differ(written):
    folder, said = written[0] / 'new' / 'sheets', written[1]
    assert f'{folder}: no sheet thin.png' in said, 'neither network finds a pole'
    names = sorted(path.name for path in folder.iterdir())
    assert names == ['dominant.png', 'images.png', 'similar.png']
    for path in folder.iterdir():
        _, truth, road, building = panels(read_image(path))
        for one, drawn in (('road', road), ('building', building)):
            color = CAMVID.colors[CAMVID.index(one)]
            assert (drawn == color).all(), f'{one} in {path}'
            assert path.name != 'similar.png' or (truth == color).all(2).any()
        assert len(np.unique(truth.reshape(-1, 3), axis=0)) > 1


def panels(sheet):
    """Return the four panels of a sheet's first row."""
    top = TITLE_PX + CAPTION_PX
    # The drawn images are 96 pixels high and 128 wide.
    height_px = PANEL_WIDTH_PX * 96 // 128
    lefts = [GAP_PX + column * (PANEL_WIDTH_PX + GAP_PX) for column in range(4)]
    return [sheet[top : top + height_px, left : left + PANEL_WIDTH_PX] for left in lefts]


def test_one_network_alone_has_nothing_to_be_compared_with(tmp_path):
    done = commands.run(
        'eval', '--root', tmp_path, '--weights', 'net', '--sheets', tmp_path / 'sheets'
    )
    assert done.returncode == 2
    assert '--sheets compares networks; name two or more files' in done.stderr
