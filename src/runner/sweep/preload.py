"""Imported once in the process that a sweep's jobs are forked from: they find torch there. The one import that acts."""

from contextlib import suppress

from runner.build import libraries
from runner.errors import RunError

with suppress(RunError):  # every job says for itself what is wrong with them
    libraries.load()
    import tensorboard.summary.writer.event_file_writer  # noqa: F401  # half a second to each job
