"""What TensorBoard shows besides curves, in the form its plugins read.

Shapes: N rows, T thresholds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING

BUCKETS = 30
THRESHOLDS = 101
RGB = 3  # how a PNG's colours are told


def text_value(tag: str, markdown: str) -> Summary.Value:
    """Under Text."""
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    tensor = TensorProto(dtype=DT_STRING, string_val=[markdown.encode()], tensor_shape=_shape(1))
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def image_value(tag: str, png: bytes, width: int, height: int) -> Summary.Value:
    """Under Images."""
    image = Summary.Image(width=width, height=height, colorspace=RGB, encoded_image_string=png)
    return Summary.Value(tag=tag, image=image)


def histogram_value(tag: str, values: NDArray[np.float32]) -> Summary.Value:
    """Under Histograms and Distributions: [BUCKETS, 3] left, right, count."""
    counts, edges = np.histogram(values, bins=BUCKETS)
    content = np.stack([edges[:-1], edges[1:], counts], 1).astype(np.float64)
    plugin = SummaryMetadata.PluginData(plugin_name="histograms")
    tensor = TensorProto(dtype=DT_DOUBLE, tensor_content=content.tobytes(), tensor_shape=_shape(*content.shape))
    return Summary.Value(tag=tag, metadata=SummaryMetadata(plugin_data=plugin), tensor=tensor)


def pr_curve_value(tag: str, scores_N: NDArray[np.float64], is_class_N: NDArray[np.bool_]) -> Summary.Value:
    """Under PR Curves: [6, T] hits, false alarms, right rejections, misses, precision, recall, each by threshold."""
    from tensorboard.plugins.pr_curve.metadata import create_summary_metadata

    content = pr_counts(scores_N, is_class_N).astype(np.float32)
    tensor = TensorProto(dtype=DT_FLOAT, tensor_content=content.tobytes(), tensor_shape=_shape(*content.shape))
    return Summary.Value(tag=tag, metadata=create_summary_metadata("", "", THRESHOLDS), tensor=tensor)


def pr_counts(scores_N: NDArray[np.float64], is_class_N: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[6, T] at thresholds 0, 0.01, ... 1: a row is taken for the class where its score is at least the threshold."""
    bins_N = np.minimum((scores_N * (THRESHOLDS - 1)).astype(np.int64), THRESHOLDS - 1)
    counts = [np.bincount(bins_N[of], minlength=THRESHOLDS) for of in (is_class_N, ~is_class_N)]
    hits, alarms = (count[::-1].cumsum()[::-1] for count in counts)
    rejections, misses = counts[1].sum() - alarms, counts[0].sum() - hits
    precision = hits / np.maximum(hits + alarms, 1)
    recall = hits / max(counts[0].sum(), 1)
    return np.stack([hits, alarms, rejections, misses, precision, recall]).astype(np.float64)


def _shape(*sizes: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])
