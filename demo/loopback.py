"""An asyncio server on 127.0.0.1 in a thread of its own, for as long as a context lasts."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

START_TIMEOUT = 10.0  # seconds


@dataclass(slots=True)
class Loopback:
    """Serves what `protocol` makes of a loop. A protocol made by it has its `transport`, or None."""

    protocol: Callable[[asyncio.AbstractEventLoop], asyncio.BaseProtocol]
    port: int = 0  # 0 = any free one; once entered, the one in use
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None
    _ready: threading.Event = field(default_factory=threading.Event, repr=False)
    _failed: OSError | None = None

    def __enter__(self) -> Self:
        loop = self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="loopback", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_TIMEOUT):
            raise TimeoutError("the loopback server did not start")
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        assert self._loop is not None and self._thread is not None
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_TIMEOUT)
        self._loop.close()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        made: weakref.WeakSet[Any] = weakref.WeakSet()

        def connect() -> asyncio.BaseProtocol:
            protocol = self.protocol(loop)
            made.add(protocol)
            return protocol

        try:
            server = loop.run_until_complete(loop.create_server(connect, "127.0.0.1", self.port, backlog=256))
        except OSError as e:
            self._failed = e
            self._ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        loop.run_forever()
        server.close()
        for protocol in tuple(made):
            if protocol.transport is not None:
                protocol.transport.abort()
        loop.run_until_complete(_wind_down())


async def _wind_down() -> None:
    """Let closed connections say goodbye, and end whatever still waits for a client."""
    await asyncio.sleep(0)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
