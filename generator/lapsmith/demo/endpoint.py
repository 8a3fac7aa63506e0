"""A stand-in for SageMaker Runtime on 127.0.0.1: verifies signatures, answers the three operations, streams slowly."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lapsmith.demo import frames
from lapsmith.demo.verify import Received, refusal

TOKENS = ("Small ", "tokens, ", "one ", "by ", "one, ", "as ", "the ", "mödel ", "writes ", "them.")
BROKEN = "broken"
"""The endpoint name whose stream ends in a ModelStreamError."""


class Endpoint(ThreadingHTTPServer):
    """The server. ``verified`` and ``refused`` count requests by what became of their signature."""

    daemon_threads = True

    def __init__(self, secrets: Mapping[str, str], *, pause: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secrets = secrets
        self.pause = pause
        self.verified = 0
        self.refused = 0
        self.sent: list[float] = []
        self.count = threading.Lock()

    @property
    def url(self) -> str:
        """Where the endpoint listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running(secrets: Mapping[str, str], *, pause: float = 0.08) -> Iterator[Endpoint]:
    """Run an endpoint in a thread of its own; it is gone when the block ends."""
    server = Endpoint(secrets, pause=pause)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="demo endpoint")
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reason = refusal(
            Received(self.command, self.path, self.headers.items(), body), self.server.secrets, service="sagemaker"
        )
        with self.server.count:
            self.server.verified += reason is None
            self.server.refused += reason is not None
        if reason is not None:
            self._error(403, "InvalidSignatureException", reason)
            return
        _, _, name, operation = self.path.split("/", 3)
        match operation:
            case "invocations":
                self._invoke(body)
            case "async-invocations":
                self._enqueue()
            case "invocations-response-stream":
                self._stream(broken=name == BROKEN)
            case _:
                self._error(404, "UnknownOperationException", f"no operation at {self.path}")

    def _invoke(self, body: bytes) -> None:
        words = len(json.loads(body)["inputs"].split())
        answer = json.dumps({"words": words}).encode()
        self._respond(200, answer, {"Content-Type": "application/json", "x-Amzn-Invoked-Production-Variant": "blue"})

    def _enqueue(self) -> None:
        answer = json.dumps({"InferenceId": self.headers.get("X-Amzn-SageMaker-Inference-Id", "job-1")}).encode()
        location = self.headers["X-Amzn-SageMaker-InputLocation"]
        self._respond(202, answer, {"X-Amzn-SageMaker-OutputLocation": location.replace("/in/", "/out/")})

    def _stream(self, *, broken: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("X-Amzn-SageMaker-Content-Type", "text/plain; charset=utf-8")
        self.send_header("x-amzn-RequestId", "demo-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        parts = [frames.event("PayloadPart", piece) for piece in _cut_inside_characters()]
        if broken:
            detail = json.dumps({"Message": "the model stopped", "ErrorCode": "StreamBroken"}).encode()
            parts = [*parts[:3], frames.exception("ModelStreamError", detail)]
        for part in parts:
            # Half a frame, a pause, the other half: what arrives together says nothing about where events end.
            half = len(part) // 2
            self._chunk(part[:half])
            time.sleep(self.server.pause)
            self._chunk(part[half:])
            self.server.sent.append(time.monotonic())
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        self.wfile.flush()

    def _error(self, status: int, code: str, message: str) -> None:
        self._respond(status, json.dumps({"message": message}).encode(), {"x-amzn-errortype": code})

    def _respond(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        self.send_header("x-amzn-RequestId", "demo-request")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tour prints what happened."""


def _cut_inside_characters() -> list[bytes]:
    """Return the tokens as bytes, cut so that one part ends in the middle of a character."""
    data = [token.encode() for token in TOKENS]
    at = next(i for i, token in enumerate(TOKENS) if not token.isascii())
    inside = data[at].index("ö".encode()) + 1
    return [*data[:at], data[at][:inside], data[at][inside:], *data[at + 1 :]]
