"""A web server on loopback that answers what a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Asked:
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes = b""  # of a POST
    method: str = "GET"


@dataclass(frozen=True)
class Reply:
    body: bytes | str = b""
    status: int = 200
    type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the answer
    promised: int | None = None  # Content-Length, when it is to be a lie
    pieces: Callable[[], Iterable[bytes]] | None = None  # in place of `body`, of a length nobody announces


def reply_json(value: Any, **more: Any) -> Reply:
    return Reply(json.dumps(value, ensure_ascii=False).encode(), **more)


NOT_FOUND = Reply(b"not found", 404, "text/plain")
Answer = Callable[[Asked], Reply]


class Site:
    """`asked` holds every request in the order of arrival, robots.txt included."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up are expected
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def open(self) -> Iterator[Site]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def serve(answer: Answer, tls: ssl.SSLContext | None = None) -> Any:
    """`with serve(answer) as site:`"""
    return Site(answer, tls).open()


def self_signed(folder: Path) -> ssl.SSLContext:
    """TLS for 127.0.0.1 under a certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    signed = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "both.pem").write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k.lower(): v for k, v in self.headers.items()}
            asked = Asked(parts.path, query, headers, body, self.command)
            site.asked.append(asked)
            self._send(site.answer(asked))

        do_POST = do_GET

        def _send(self, reply: Reply) -> None:
            time.sleep(reply.delay)
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            try:
                if reply.pieces is not None:
                    self._stream(reply)
                    return
                self.send_response_only(reply.status, "x")  # no Date: the stories of tests are not of today
                self.send_header("Content-Type", reply.type)
                self.send_header("Content-Length", str(len(body) if reply.promised is None else reply.promised))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass
            if reply.promised is not None:
                self.close_connection = True

        def _stream(self, reply: Reply) -> None:
            self.close_connection = True
            self.send_response_only(reply.status, "x")
            self.send_header("Content-Type", reply.type)
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in reply.pieces() if reply.pieces else ():
                self.wfile.write(piece)

        def log_message(self, *args: object) -> None:
            pass

    return Handler
