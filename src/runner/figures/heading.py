"""What a picture says of itself; without matplotlib, which takes a while to import."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Title:
    """What a picture shows, in three lines."""

    name: str
    facts: str
    note: str
