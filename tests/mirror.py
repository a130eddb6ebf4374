"""A mirror on 127.0.0.1 that serves, refuses, hangs, truncates and corrupts; a small publication for it to serve."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

from runner.data.downloads import Archive, File, Idx, Publication

Reply = Callable[[BaseHTTPRequestHandler, Event], None]


def serve(body: bytes) -> Reply:
    return lambda handler, closing: _send(handler, body, len(body))


def truncate(body: bytes) -> Reply:
    return lambda handler, closing: _send(handler, body[: len(body) // 2], len(body))


def corrupt(body: bytes) -> Reply:
    wrong = body[:-1] + bytes([body[-1] ^ 1])
    return lambda handler, closing: _send(handler, wrong, len(body))


def refuse(code: int) -> Reply:
    return lambda handler, closing: handler.send_error(code)


def hang(handler: BaseHTTPRequestHandler, closing: Event) -> None:
    closing.wait()


def stall(body: bytes) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, closing: Event) -> None:
        _send(handler, body[: len(body) // 2], len(body))
        handler.wfile.flush()
        closing.wait()

    return reply


def _send(handler: BaseHTTPRequestHandler, body: bytes, claimed: int) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(claimed))
    handler.end_headers()
    handler.wfile.write(body)


@dataclass
class Mirror:
    """``replies`` by path; 404 elsewhere. ``asked`` are the paths in the order they were asked for."""

    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __enter__(self) -> Mirror:
        mirror, self.closing = self, Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                mirror.replies.get(self.path, refuse(404))(self, mirror.closing)

            def log_message(self, *words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        return self

    def __exit__(self, *fault: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def reply(self, folder: str, bodies: dict[str, bytes], how: Callable[[bytes], Reply] = serve) -> None:
        self.replies |= {f"/{folder}/{name}": how(body) for name, body in bodies.items()}


def idx(shape: tuple[int, ...], numbers: bytes, code: int = 0x08) -> bytes:
    return struct.pack(f">{1 + len(shape)}I", code << 8 | len(shape), *shape) + numbers


TRAIN, TEST = 6, 4
CONTENTS = {  # 6 train and 4 test images of 3 x 2 pixels in 3 classes
    "train-images-idx3-ubyte": idx((TRAIN, 3, 2), bytes(range(36))),
    "train-labels-idx1-ubyte": idx((TRAIN,), bytes([0, 1, 2, 0, 1, 2])),
    "t10k-images-idx3-ubyte": idx((TEST, 3, 2), bytes(range(100, 124))),
    "t10k-labels-idx1-ubyte": idx((TEST,), bytes([2, 1, 0, 2])),
}
SHAPES = ((TRAIN, 3, 2), (TRAIN,), (TEST, 3, 2), (TEST,))
GZIPPED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENTS.items()}


def publication(mirrors: tuple[str, ...] = (), *, digests: bool = True) -> Publication:
    archives = tuple(
        Archive(
            f"{name}.gz",
            f"md5:{hashlib.md5(GZIPPED[f'{name}.gz']).hexdigest()}",
            (File(name, f"sha256:{hashlib.sha256(content).hexdigest()}" if digests else None, Idx(shape)),),
        )
        for (name, content), shape in zip(CONTENTS.items(), SHAPES, strict=True)
    )
    return Publication("Small/raw", mirrors, archives, 0.1, ("a", "b", "c"))


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder
