"""What there is a lesson of."""

from __future__ import annotations

from runner.lessons import autograd, conv, loss, optimizer, overfitting, pool, schedule, tensors
from runner.lessons.lesson import Lesson

LESSONS = {
    "tensors": Lesson(tensors.TITLE, tensors.TEXT),
    "autograd": Lesson(autograd.TITLE, autograd.TEXT),
    "conv": conv.lesson(),
    "pool": Lesson(pool.TITLE, pool.TEXT),
    "loss": Lesson(loss.TITLE, loss.TEXT),
    "optimizer": Lesson(optimizer.TITLE, optimizer.TEXT),
    "schedule": Lesson(schedule.TITLE, schedule.TEXT),
    "overfitting": Lesson(overfitting.TITLE, overfitting.TEXT),
}
