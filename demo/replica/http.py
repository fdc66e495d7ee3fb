"""A small HTTP/1.1 server on loopback: keep-alive, quick enough not to be what a measurement measures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

HEAD_LIMIT = 64 * 1024  # bytes of a request's head; more is hung up on
BODY_LIMIT = 64 * 1024  # bytes of what is posted; more is hung up on


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    target: str  # path and query as sent
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""

    @property
    def length(self) -> int:
        """Bytes of the body as announced; −1 for what is no length, or too long a one."""
        told = self.headers.get("content-length", "0")
        return int(told) if told.isdigit() and len(told) < 9 and int(told) <= BODY_LIMIT else -1

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


class Connection(asyncio.Protocol):
    """One client: answers its requests in order on one connection."""

    def __init__(self, handler: Handler, loop: asyncio.AbstractEventLoop) -> None:
        self._handler, self._loop = handler, loop
        self._buffer = b""
        self.transport: asyncio.Transport | None = None
        self._waiting = False  # for a slow body

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._serve()

    def _serve(self) -> None:
        while self.transport is not None and not self._waiting:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                if len(self._buffer) > HEAD_LIMIT:
                    self.transport.abort()
                return
            request = _parse(head)
            if request.length < 0:
                self.transport.abort()
                return
            if len(rest) < request.length:
                return
            self._buffer = rest[request.length :]
            if request.length:
                request = replace(request, body=rest[: request.length])
            self._answer(self._handler(request))

    def _answer(self, reply: Reply) -> None:
        assert self.transport is not None
        if reply.hang_up:
            self.transport.write(reply.head() + reply.body[: len(reply.body) // 2])
            self.transport.close()
        elif reply.delay:
            self._waiting = True
            self.transport.write(reply.head())
            self._loop.call_later(reply.delay, self._finish, reply.body)
        else:
            self.transport.write(reply.head() + reply.body)

    def _finish(self, body: bytes) -> None:
        self._waiting = False
        if self.transport is not None:
            self.transport.write(body)
            self._serve()


def _parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = [*first.split(" "), "", ""][:3]
    pairs = (line.partition(":") for line in lines)
    return Request(method, target, {name.strip().lower(): value.strip() for name, _, value in pairs})
