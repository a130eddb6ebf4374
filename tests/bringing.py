"""A net that brings along what suits it, as an option file in a folder of one's own."""

from pathlib import Path

WIDE = """\
# @package _global_
# A wide net with the optimizer and the schedule that suit it.
defaults:
  - override /optimizer: adamw
  - override /scheduler: warmup_cosine
model:
  _target_: runner.models.dnn.Dnn
  hidden: [8] # width of each hidden layer
  activation: ReLU # after each hidden layer
  normalisation: null # before each activation
  dropout: 0.0 # share that is silenced
  residual: false # add a layer's input
  output_activation: null # behind the logits
optimizer:
  lr: 0.004 # size of a step
  betas: [0.9, 0.95]
scheduler:
  milestones: [100]
  interval: step
loss:
  label_smoothing: 0.1
batch_size: 128
"""


def with_wide(folder: Path, *, text: str = WIDE) -> Path:
    """The folder with ``model=wide`` in it, for --config-dir."""
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "wide.yaml").write_text(text)
    return folder
