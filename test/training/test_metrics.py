"""Metrics, against a count that is independent of theirs."""

import numpy as np
import pytest

from csrnet_ros.labels import VOID
from csrnet_ros.training.metrics import ConfusionMatrix


def counted_iou(truth, predicted, label):
    """Count one class pixel by pixel, as its definition says."""
    intersection = union = 0
    for true, guess in zip(truth.flat, predicted.flat, strict=True):
        if true == VOID:
            continue
        intersection += true == label and guess == label
        union += true == label or guess == label
    return 100 * intersection / union if union else float('nan')


def test_iou_over_several_images():
    random = np.random.RandomState(0)
    truth = random.choice([0, 1, 2, VOID], (3, 20, 30)).astype(np.uint8)
    predicted = random.choice([0, 1, 2], truth.shape).astype(np.uint8)
    matrix = ConfusionMatrix(4)
    for pair in zip(truth, predicted, strict=True):
        matrix.update(*pair)
    expected = [counted_iou(truth, predicted, label) for label in range(4)]
    np.testing.assert_allclose(matrix.iou(), expected)
    assert np.isnan(expected[3])
    assert matrix.miou() == pytest.approx(np.mean(expected[:3]))
    known = truth != VOID
    assert matrix.pixel_accuracy() == pytest.approx(100 * (truth == predicted)[known].mean())


def test_a_perfect_prediction():
    labels = np.array([[0, 1], [1, VOID]], np.uint8)
    matrix = ConfusionMatrix(2)
    matrix.update(labels, np.where(labels == VOID, 0, labels))
    assert matrix.miou() == 100
    assert matrix.pixel_accuracy() == 100


def test_nothing_counted_is_not_a_number():
    matrix = ConfusionMatrix(2)
    matrix.update(np.full((2, 2), VOID, np.uint8), np.zeros((2, 2), np.uint8))
    assert np.isnan(matrix.miou())
    assert np.isnan(matrix.pixel_accuracy())


def test_wrong_input_is_refused():
    matrix = ConfusionMatrix(2)
    with pytest.raises(ValueError, match='label 2 where there are 2 classes'):
        matrix.update(np.full((2, 2), 2, np.uint8), np.zeros((2, 2), np.uint8))
    with pytest.raises(ValueError, match='truth is'):
        matrix.update(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
