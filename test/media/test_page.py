"""The page as HTML; test/cli/test_eval_report.py shows it to a browser."""

import base64
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from csrnet_ros.labels import CAMVID, LabelSet, distinct_colors
from csrnet_ros.media.page import PICTURE_WIDTH_PX, Page, PageImage, PageNetwork, render_page
from csrnet_ros.media.sheet import Panel

NAN = float('nan')
VOID_ELEMENTS = {'img', 'link', 'meta'}
ODD = LabelSet('odd', ('<b>&"quoted"', 'never seen'), ((255, 0, 0), (0, 255, 0)))


class Outline(HTMLParser):
    """Checks that what is opened is closed, and collects ids, links and texts."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.ids, self.targets, self.text = [], [], [], [], ''
        self.feed(page)
        self.close()
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        for name, value in attributes:
            if name == 'id':
                self.ids.append(value)
            elif name in ('href', 'aria-labelledby'):
                self.targets.append(value.removeprefix('#'))
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ['style']:
            self.text += data

    def images(self):
        return [attributes for tag, attributes in self.tags if tag == 'img']


def decoded(image):
    """Return the pixels, RGB, of an image in the page."""
    content = np.frombuffer(base64.b64decode(image['src'].split(',')[1]), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_COLOR)[..., ::-1]


def page_of(labels, *names):
    """Return a page of networks that all reach the same."""
    counts = np.zeros((len(labels), len(labels)), int)
    counts[0, :2] = 3, 1
    network = PageNetwork(
        name='',
        miou=75.04,
        pixel_accuracy=75,
        iou=[75.04] + [NAN] * (len(labels) - 1),
        boundary_miou={3: 12.34, 5: NAN},
        confusion=counts,
        provenance={'data': '<script>alert(1)</script>'},
    )
    photo = np.random.RandomState(0).randint(0, 256, (300, 600, 3)).astype(np.uint8)
    panels = [Panel('image', photo), Panel('truth', photo, sharp=True)]
    return Page(
        title='<title>',
        origin='by hand',
        labels=labels,
        networks=[replace(network, name=name) for name in names],
        boundary_shares={3: 10, 5: 20},
        worst=[PageImage('a"b', panels)],
    )


@pytest.mark.parametrize('names', [('light',), ('light', 'medium', 'a', 'b', 'c')])
def test_a_page_is_whole_and_links_only_within_itself(names):
    outline = Outline(render_page(page_of(CAMVID, *names)))
    assert set(outline.targets) <= {*outline.ids, 'data:,'}
    assert all(image['src'].startswith('data:image/') for image in outline.images())
    assert all(image['alt'] for image in outline.images())
    assert all(name in outline.text for name in names + CAMVID.classes)


def test_names_are_shown_and_not_obeyed():
    outline = Outline(render_page(page_of(ODD, 'light')))
    tags = {tag for tag, _ in outline.tags}
    assert not tags & {'b', 'script'}
    for text in ('<b>&"quoted"', '<script>alert(1)</script>', '<title>'):
        assert text in outline.text
    assert outline.images()[0]['alt'] == 'image, of a"b'


def test_figures_are_rounded_and_what_has_none_is_a_dash():
    outline = Outline(render_page(page_of(ODD, 'light')))
    words = outline.text.split()
    assert '75.0' in words
    assert '12.3' in words
    assert words.count('–') == 2
    assert 'nan' not in outline.text


def test_photographs_shrink_to_jpeg_and_labels_stay_what_they_are():
    page = page_of(CAMVID, 'light')
    photo, truth = map(decoded, Outline(render_page(page)).images())
    assert photo.shape == truth.shape == (PICTURE_WIDTH_PX // 2, PICTURE_WIDTH_PX, 3)
    colors = {tuple(color) for color in page.worst[0].panels[1].picture.reshape(-1, 3).tolist()}
    assert {tuple(color) for color in truth.reshape(-1, 3).tolist()} <= colors


def test_the_matrix_of_very_many_classes_is_a_picture():
    many = LabelSet('many', tuple(f'class {i}' for i in range(60)), distinct_colors(60))
    page = render_page(page_of(many, 'light'))
    assert len(page) < 1e6
    assert Outline(page).images()[0]['alt'] == 'Confusion matrix of light'
