"""TensorBoard's view of a run: an event file in the run directory.

The metric log is the truth, this only shows it: when the file cannot be written any more, training goes on without it.
Records are written where they are made, with no thread of their own: no lock to inherit by a fork, no error to lose.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.types_pb2 import DT_DOUBLE, DT_FLOAT, DT_STRING
from tensorboard.summary.writer.record_writer import RecordWriter

FILE_VERSION = "brain.Event:2"  # the version from which readers honour a purge
FLUSH_EVERY_S = 10.0  # so that a long epoch can be watched too
FENCE = "~~~~"

HParam = bool | int | float | str | None


class TensorBoard:
    """Appends events to a new event file in ``run_dir``; one that resumes at step s hides all older points from s on.

    ``warn`` is called once, with one line, when the file can no longer be written; ``degraded`` is True from then on.
    One that is not ``wanted`` writes nothing.
    """

    def __init__(
        self, run_dir: Path, warn: Callable[[str], None], purge_step: int | None = None, *, wanted: bool = True
    ):
        self.degraded = False
        self._warn = warn
        self._path = _next_event_file(run_dir)
        self._records: RecordWriter | None = None
        self._started_at = self._flushed_at = time.time()
        self._step = purge_step or 0
        if not wanted:
            return
        self._open()
        if purge_step is not None:
            for _ in range(2):  # TensorBoard takes the first that it sees for the start of the run, which hides nothing
                self._append(Event(step=purge_step, session_log=SessionLog(status=SessionLog.START)))
        self.flush()

    def write(self, step: int, values: Mapping[str, float], wall_time: float | None = None) -> None:
        """Appends all ``values`` of ``step`` as one event; ``wall_time`` in seconds since the epoch, else now."""
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        self._step = step
        self._append(Event(step=step, summary=summary), wall_time)
        if time.time() - self._flushed_at > FLUSH_EVERY_S:
            self.flush()

    def text(self, tag: str, markdown: str) -> None:
        """Shows ``markdown`` under Text."""
        self.add([text_value(tag, markdown)])

    def add(self, values: Sequence[Summary.Value]) -> None:
        """Appends what is shown elsewhere than in the curves, at the latest step."""
        self._append(Event(step=self._step, summary=Summary(value=values)))

    def graph(self, definition: bytes) -> None:
        """Shows a serialised GraphDef under Graphs."""
        self._append(Event(step=self._step, graph_def=definition))

    def conclude(self, step: int) -> None:
        """What is shown from now on is of the whole run, whose last step was ``step``: it stands one step behind.

        A run that is killed while it shows this, and one that is made longer, goes on at ``step``, hides all that
        stands behind it, and shows its end once.
        """
        self._step = step + 1

    def hparams(self, hparams: Mapping[str, HParam], metrics: Mapping[str, float]) -> None:
        """Adds the ended run as a row of HParams: ``hparams`` become its columns, ``metrics`` points.

        No description of the whole experiment is written, so TensorBoard itself unites the columns of all runs. It
        shows the points among the curves too: a name like ``verdict/val/loss`` keeps them apart.
        """
        self.write(self._step, metrics)
        for value in _session_values(hparams, self._started_at, time.time()):
            self.add([value])
        self.flush()

    def flush(self) -> None:
        """Hands what was written to the operating system: it survives a kill of this process."""
        self._flushed_at = time.time()
        if self._records is not None:
            with self._giving_up_on_errors():
                self._records.flush()

    def close(self) -> None:
        """Flushes and closes the file; whatever is written later is warned about as on a full disk."""
        self.flush()
        if self._records is not None:
            with self._giving_up_on_errors():
                self._records.close()

    def _open(self) -> None:
        with self._giving_up_on_errors():
            self._records = RecordWriter(self._path.open("xb"))
        source = SourceMetadata(writer="runner.tensorboard.writer")
        self._append(Event(file_version=FILE_VERSION, source_metadata=source))

    def _append(self, event: Event, wall_time: float | None = None) -> None:
        event.wall_time = time.time() if wall_time is None else wall_time
        if self._records is not None:
            with self._giving_up_on_errors():
                self._records.write(event.SerializeToString())

    @contextlib.contextmanager
    def _giving_up_on_errors(self) -> Iterator[None]:
        """Turns the first failure into one warning, after which nothing is tried: a torn record hides all after it."""
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: the file is closed
            records, self._records = self._records, None
            self.degraded = True
            self._warn(f"{self._path}: {_reason(error)}; no more points for TensorBoard, training goes on")
            if records is not None:
                with contextlib.suppress(OSError):  # closing tries once more to write what could not be written
                    records.close()


def code_block(text: str) -> str:
    """Markdown that shows ``text`` as it is, in a fixed-width font."""
    return f"{FENCE}\n{text.rstrip()}\n{FENCE}\n"


def _next_event_file(run_dir: Path) -> Path:
    """A name that sorts after every event file of ``run_dir``, since readers take them in that order.

    The seconds in it are the clock's, or more where the run was resumed within a second or the clock was set back.
    """
    stamps = [name.split(".")[3] for name in os.listdir(run_dir) if name.startswith("events.out.tfevents.")]
    newest = max((int(stamp) for stamp in stamps if stamp.isdigit()), default=-1)
    stamp = max(int(time.time()), newest + 1)
    return run_dir / f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{os.getpid()}"


def _session_values(hparams: Mapping[str, HParam], started_at: float, ended_at: float) -> list[Summary.Value]:
    """The two marks that HParams reads: what the run was set to, and that it ended."""
    from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2  # only needed once, at the end

    start = plugin_data_pb2.SessionStartInfo(start_time_secs=started_at)
    for name, value in hparams.items():
        if value is not None:  # an empty cell; the word null would turn a column of numbers into text
            _set_hparam(start.hparams[name], value)
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=ended_at)
    contents = {
        metadata.SESSION_START_INFO_TAG: plugin_data_pb2.HParamsPluginData(session_start_info=start),
        metadata.SESSION_END_INFO_TAG: plugin_data_pb2.HParamsPluginData(session_end_info=end),
    }
    return [
        Summary.Value(tag=tag, metadata=metadata.create_summary_metadata(content), tensor=metadata.NULL_TENSOR)
        for tag, content in contents.items()
    ]


def _set_hparam(field: Any, value: HParam) -> None:
    """Fills a protobuf Value by the type of ``value``; bool first, being an int as well."""
    if isinstance(value, bool):
        field.bool_value = value
    elif isinstance(value, int | float):
        field.number_value = value
    else:
        field.string_value = str(value)


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


BUCKETS = 30
THRESHOLDS = 101
RGB = 3  # how a PNG's colours are told


def text_value(tag: str, markdown: str) -> Summary.Value:
    """Under Text."""
    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    tensor = TensorProto(dtype=DT_STRING, string_val=[markdown.encode()], tensor_shape=_shape(1))
    return Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def image_value(tag: str, png: bytes) -> Summary.Value:
    """Under Images."""
    width, height = struct.unpack(">II", png[16:24])  # where the format has them
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
