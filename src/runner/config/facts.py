"""What is to be known of a setting beside its type."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any, Literal


def facts(
    *,
    later: Any = MISSING,
    changes: Literal["never", "on resume", "on resume of a sweep", "anywhere"] = "never",
    is_length: bool = False,
    is_neutral: bool = False,
    is_identity: bool = True,
    is_typed: bool = True,
    in_script: bool = False,
    in_help: bool = False,
) -> dict[str, Any]:
    """What the rest of the program has to know of a setting; ``settings_with`` finds the settings again.

    later: the value of runs that were made before there was the setting
    changes: when the value of a stored run may be another
    is_length: a schedule may be laid out over it
    is_neutral: it decides nothing that is learnt
    is_identity: with another value a job of a sweep is another job
    is_typed: it stands in the command that makes the run again
    in_script: a plain script does as it says, or does not need it
    in_help: ``train --help`` explains it
    """
    return dict(locals())
