"""A real pseudo-terminal: what a program of ours gives to one, and what then stands on it."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import sys
import termios
from pathlib import Path

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


def in_terminal(columns: int, folder: Path, *words: str, rows: int = 40) -> str:
    """All that a terminal of that size is given by ``python`` with these words."""
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    environment |= {"TERM": "xterm", "CI": ""}
    pid, terminal = os.forkpty()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.chdir(folder)
        os.execvpe(sys.executable, [sys.executable, *words], environment)
    text = b""
    try:
        while data := os.read(terminal, 65536):
            text += data
    except OSError:  # its other end is closed
        os.waitpid(pid, 0)
    return text.decode()


def screen_of(text: str) -> list[str]:
    """The lines that stand there after ``text``; a line that is longer than the terminal is wide counts as one."""
    lines, row = [""], 0
    for code in CODES.findall(text):
        if code == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif code == "\r":
            pass  # what follows is a whole line, or takes one away
        elif code.endswith("A"):
            row -= int(code[2:-1] or 1)
        elif code.endswith("K"):
            lines[row] = ""
        elif not code.startswith("\x1b"):
            lines[row] += code
    assert not any(lines[row:]), "something stands below the cursor"
    return [line.rstrip() for line in lines[:row]]
