"""Inference: an engine that labels images, and the weights that come with the package."""

from csrnet_ros.inference.engine import Segmentation, SegmentationEngine
from csrnet_ros.inference.weights import available_weights, find_weights

__all__ = ['Segmentation', 'SegmentationEngine', 'available_weights', 'find_weights']
