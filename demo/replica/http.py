"""A small HTTP/1.1 server on loopback: keep-alive, GET only, quick enough not to be what a measurement measures."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote

HEAD_LIMIT = 64 * 1024  # bytes of a request's head; more is hung up on
START_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # path and query as sent
    headers: Mapping[str, str]  # names in lower case

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Reply:
    body: bytes
    status: int = 200
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0  # seconds before the body follows the head
    hang_up: bool = False  # close the connection in the middle of the body

    def head(self) -> bytes:
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase if self.status in _KNOWN else 'Refused'}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


_KNOWN = {int(s) for s in HTTPStatus}
Handler = Callable[[Request], Reply]


class _Connection(asyncio.Protocol):
    """One client: answers its requests in order on one connection; stands in `known` while it lasts."""

    def __init__(self, handler: Handler, loop: asyncio.AbstractEventLoop, known: set[_Connection]) -> None:
        self._handler, self._loop, self._known = handler, loop, known
        self._buffer = b""
        self._transport: asyncio.Transport | None = None
        self._waiting = False  # for a slow body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._known.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._known.discard(self)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while self._transport is not None and not self._waiting:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                if len(self._buffer) > HEAD_LIMIT:
                    self._transport.abort()
                return
            self._buffer = rest
            self._answer(self._handler(_parse(head)))

    def _answer(self, reply: Reply) -> None:
        assert self._transport is not None
        if reply.hang_up:
            self._transport.write(reply.head() + reply.body[: len(reply.body) // 2])
            self._transport.close()
        elif reply.delay:
            self._waiting = True
            self._transport.write(reply.head())
            self._loop.call_later(reply.delay, self._finish, reply.body)
        else:
            self._transport.write(reply.head() + reply.body)

    def _finish(self, body: bytes) -> None:
        self._waiting = False
        if self._transport is not None:
            self._transport.write(body)
            self._serve()


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = [*first.split(" "), "", ""][:3]
    pairs = (line.partition(":") for line in lines)
    return Request(method, target, {name.strip().lower(): value.strip() for name, _, value in pairs})


@dataclass(slots=True)
class Server:
    """Serves `handler` from a thread of its own on 127.0.0.1 while it is entered as a context."""

    handler: Handler
    port: int = 0  # 0 = any free one; afterwards the one in use
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop, repr=False)
    _thread: threading.Thread | None = None
    _ready: threading.Event = field(default_factory=threading.Event, repr=False)
    _failed: OSError | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT):
            raise TimeoutError("the replica did not start")
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self._thread is not None:
            if self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_TIMEOUT)
        self._loop.close()

    def _run(self) -> None:
        connections: set[_Connection] = set()

        def connect() -> asyncio.Protocol:
            return _Connection(self.handler, self._loop, connections)

        try:
            server = self._loop.run_until_complete(
                self._loop.create_server(connect, "127.0.0.1", self.port, backlog=256)
            )
        except OSError as e:
            self._failed = e
            self._ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in tuple(connections):
            connection.close()
        self._loop.run_until_complete(asyncio.sleep(0))
