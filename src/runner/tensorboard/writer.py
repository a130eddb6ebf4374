"""TensorBoard's view of a run: an event file in the run directory.

The metric log is the truth, this only shows it: when the file cannot be written any more, training goes on without it.
Records are written where they are made, with no thread of their own: no lock to inherit by a fork, no error to lose.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, SourceMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.plugins.custom_scalar import metadata as charts_metadata
from tensorboard.plugins.custom_scalar.layout_pb2 import Layout
from tensorboard.plugins.histogram import metadata as histogram_metadata
from tensorboard.plugins.hparams import api_pb2
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo, SessionStartInfo
from tensorboard.plugins.pr_curve import metadata as pr_curve_metadata
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

from runner.text import visible

FILE_VERSION = "brain.Event:2"  # the version from which readers honour a purge
FLUSH_EVERY_S = 10.0  # so that a long epoch can be watched too
FENCE = "~~~~"  # of Markdown: what is between two is shown as it is, in a fixed-width font
BUCKETS = 30
THRESHOLDS = 101
RGB = 3  # how a PNG's colours are told

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
        try:
            self._records = RecordWriter(self._path.open("xb"))
        except OSError as error:
            self._give_up(error)
        self._append(Event(file_version=FILE_VERSION, source_metadata=SourceMetadata(writer=__name__)))
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

    def text(self, tag: str, text: str) -> None:
        """Shows ``text`` as it is under Text."""
        block = f"{FENCE}\n{text.rstrip()}\n{FENCE}\n"
        self.add([_value(tag, text_metadata.create_summary_metadata("", ""), [block])])

    def table(self, tag: str, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        """Shows a table under Text, its first column to the left, the others, of numbers, to the right."""
        rows = [heads, [":---", *["---:"] * (len(heads) - 1)], *(list(map(_cell, line)) for line in lines)]
        text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        self.add([_value(tag, text_metadata.create_summary_metadata("", ""), [text])])

    def charts(self, groups: Mapping[str, Mapping[str, str]]) -> None:
        """Under Custom Scalars, by the title of a group and of a chart in it: the tags of its curves, as an expression.

        TensorBoard unites the charts of all runs, those that are equal once.
        """
        layout = Layout()
        for title, charts in groups.items():
            category = layout.category.add(title=title)
            for name, tags in charts.items():
                category.chart.add(title=name).multiline.tag.append(tags)
        mark = layout.SerializeToString()
        self.add([_value(charts_metadata.CONFIG_SUMMARY_TAG, charts_metadata.create_summary_metadata(), mark)])

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

    def hparams(self, trial: str, hparams: Mapping[str, HParam], metrics: Mapping[str, float]) -> None:
        """Adds the ended run as a row of HParams: ``hparams`` become its columns, ``metrics`` points.

        The row is called ``trial``, which no other run may be: of equal ones TensorBoard shows the mean in one row.

        No description of the whole experiment is written, so TensorBoard itself unites the columns of all runs. It
        shows the points among the curves too: a name like ``best/val/loss`` keeps them apart.
        """
        self.write(self._step, metrics)
        start = SessionStartInfo(group_name=trial, start_time_secs=self._started_at)
        for name, value in hparams.items():
            if value is not None:  # an empty cell; the word null would turn a column of numbers into text
                setattr(start.hparams[name], _field(value), value)
        end = SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=time.time())
        marks = {
            hparams_metadata.SESSION_START_INFO_TAG: HParamsPluginData(session_start_info=start),
            hparams_metadata.SESSION_END_INFO_TAG: HParamsPluginData(session_end_info=end),
        }
        for tag, mark in marks.items():
            metadata = hparams_metadata.create_summary_metadata(mark)
            self.add([Summary.Value(tag=tag, metadata=metadata, tensor=hparams_metadata.NULL_TENSOR)])
        self.flush()

    def flush(self) -> None:
        """Hands what was written to the operating system: it survives a kill of this process."""
        self._flushed_at = time.time()
        self._attempt(RecordWriter.flush)

    def close(self) -> None:
        """Flushes and closes the file; whatever is written later is warned about as on a full disk."""
        self._attempt(RecordWriter.close)

    def _append(self, event: Event, wall_time: float | None = None) -> None:
        event.wall_time = time.time() if wall_time is None else wall_time
        self._attempt(lambda records: records.write(event.SerializeToString()))

    def _attempt(self, action: Callable[[RecordWriter], None]) -> None:
        if self._records is not None:
            try:
                action(self._records)
            except (OSError, ValueError) as error:  # ValueError: the file is closed
                self._give_up(error)

    def _give_up(self, error: OSError | ValueError) -> None:
        """Turns the first failure into one warning, after which nothing is tried: a torn record hides all after it."""
        records, self._records = self._records, None
        self.degraded = True
        reason = getattr(error, "strerror", None) or error
        self._warn(f"{self._path}: {reason}; no more points for TensorBoard, training goes on")
        if records is not None:
            with suppress(OSError):  # closing tries once more to write what could not be written
                records.close()


def _next_event_file(run_dir: Path) -> Path:
    """A name that sorts after every event file of ``run_dir``, since readers take them in that order.

    The seconds in it are the clock's, or more where the run was resumed within a second or the clock was set back.
    """
    stamps = [name.split(".")[3] for name in os.listdir(run_dir) if name.startswith("events.out.tfevents.")]
    newest = max((int(stamp) for stamp in stamps if stamp.isdigit()), default=-1)
    stamp = max(int(time.time()), newest + 1)
    return run_dir / f"events.out.tfevents.{stamp:010d}.{socket.gethostname()}.{os.getpid()}"


def _field(value: bool | int | float | str) -> str:
    """Of a protobuf Value, by the type; bool first, being an int as well."""
    if isinstance(value, bool):
        return "bool_value"
    return "string_value" if isinstance(value, str) else "number_value"


def _cell(text: str) -> str:
    """As it is in a table of Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#+!|~-])", r"\\\1", visible(text))


def image_value(tag: str, png: bytes) -> Summary.Value:
    """Under Images."""
    width, height = struct.unpack(">II", png[16:24])  # where the format has them
    image = Summary.Image(width=width, height=height, colorspace=RGB, encoded_image_string=png)
    return Summary.Value(tag=tag, image=image)


def histogram_value(tag: str, values: NDArray[np.float32]) -> Summary.Value:
    """Under Histograms and Distributions: [BUCKETS, 3] left, right, count of the values that are finite."""
    finite = values[np.isfinite(values)].astype(np.float64)  # float32 has fewer numbers between two that are close
    counts, edges = np.histogram(finite, bins=BUCKETS)
    buckets = np.stack([edges[:-1], edges[1:], counts], 1).astype(np.float64)
    return _value(tag, histogram_metadata.create_summary_metadata("", ""), buckets)


def pr_curve_value(tag: str, scores_N: NDArray[np.float64], is_class_N: NDArray[np.bool_]) -> Summary.Value:
    """Under PR Curves: [6, T] hits, false alarms, right rejections, misses, precision, recall, each by threshold."""
    metadata = pr_curve_metadata.create_summary_metadata("", "", THRESHOLDS)
    return _value(tag, metadata, pr_counts(scores_N, is_class_N).astype(np.float32))


def pr_counts(scores_N: NDArray[np.float64], is_class_N: NDArray[np.bool_]) -> NDArray[np.float64]:
    """[6, T] at thresholds 0, 0.01, ... 1: a row is taken for the class where its score is at least the threshold.

    A row without an answer has a score that is no number: as one of 0 it is taken for no class.
    """
    bins_N = np.minimum((np.nan_to_num(scores_N) * (THRESHOLDS - 1)).astype(np.int64), THRESHOLDS - 1)
    counts = [np.bincount(bins_N[of], minlength=THRESHOLDS) for of in (is_class_N, ~is_class_N)]
    hits, alarms = (count[::-1].cumsum()[::-1] for count in counts)
    rejections, misses = counts[1].sum() - alarms, counts[0].sum() - hits
    precision = hits / np.maximum(hits + alarms, 1)
    recall = hits / max(counts[0].sum(), 1)
    return np.stack([hits, alarms, rejections, misses, precision, recall]).astype(np.float64)


def _value(tag: str, metadata: SummaryMetadata, content: object) -> Summary.Value:
    return Summary.Value(tag=tag, metadata=metadata, tensor=make_tensor_proto(content))
