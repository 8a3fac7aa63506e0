"""TLS and proxies, for every transport."""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from runtime.errors import ConnectError, ConnectTimeout, InvalidInput, ProtocolError, TransportError
from runtime.wire.proxy import Proxies
from runtime.wire.transport import AsyncHTTPTransport, HTTPTransport

from .loopback import PATIENCE, Peer, Script, Server, answering, chunk, make_certificate, response
from .transport_drivers import DEFAULT, EVERY, TIMEOUT, Driver, make_driver, post, without_proxies

AWS_HOST = "runtime.sagemaker.eu-west-1.amazonaws.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path_factory.mktemp("tls"), "localhost", AWS_HOST, "127.0.0.1")


@pytest.fixture(params=EVERY)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    without_proxies(monkeypatch)
    with make_driver(request.param) as driver:
        yield driver


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)


only_default = pytest.mark.parametrize("driver", DEFAULT, indirect=True)


def test_a_private_authority(driver: Driver, certificate: tuple[Path, ssl.SSLContext]) -> None:
    driver.configure(ca_bundle=str(certificate[0]))
    with Server(answering(response(b"x" * 100_000)), tls=certificate[1]) as server:
        request = post(server.port, "/a/../b", b"y" * 100_000, scheme="https", host="localhost")
        for _ in range(2):
            assert driver.fetch(request)[2] == b"x" * 100_000
    assert server.connections == (1 if driver.library == "default" else 2)
    assert server.requests[0].endswith(b"y" * 100_000)


def test_a_client_certificate(certificate: tuple[Path, ssl.SSLContext]) -> None:
    authority, leaf, key = (certificate[0].with_name(name) for name in ("ca.pem", "leaf.pem", "key.pem"))
    demanding = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    demanding.load_cert_chain(leaf, key)
    demanding.verify_mode = ssl.CERT_REQUIRED
    demanding.load_verify_locations(authority)
    context = ssl.create_default_context(cafile=str(authority))
    with Server(answering(response(b"known")), tls=demanding) as server:
        request = post(server.port, scheme="https", host="localhost")
        without = HTTPTransport(ca_bundle=str(authority), proxies=False)
        with pytest.raises(TransportError):
            without.send(request, TIMEOUT).read()
        context.load_cert_chain(leaf, key)
        presenting = HTTPTransport(ssl_context=context, proxies=False)
        apresenting = AsyncHTTPTransport(ssl_context=context, proxies=False)
        assert presenting.send(request, TIMEOUT).read() == b"known"

        async def main() -> bytes:
            try:
                return await (await apresenting.send(request, TIMEOUT)).read()
            finally:
                await apresenting.aclose()

        assert asyncio.run(main()) == b"known"
        for transport in (without, presenting):
            transport.close()


# httpx2 leaves httpcore2's generator to the garbage collector, and trio warns of that.
@pytest.mark.filterwarnings("ignore:Async generator 'httpcore2:ResourceWarning")
def test_a_stream_over_tls_is_not_held_back(driver: Driver, certificate: tuple[Path, ssl.SSLContext]) -> None:
    read, closed = threading.Event(), threading.Event()

    def two_parts(peer: Peer) -> None:
        peer.read_request()
        peer.send(response(headers=[("Transfer-Encoding", "chunked")], length=False) + chunk(b"one"))
        assert read.wait(PATIENCE)
        peer.send(chunk(b"two"))
        peer.wait_for_close()
        closed.set()

    driver.configure(ca_bundle=str(certificate[0]))
    with Server(two_parts, tls=certificate[1]) as server:
        opened = driver.send(post(server.port, scheme="https", host="localhost"))
        assert opened.next() == b"one"
        read.set()
        assert opened.next() == b"two"
        opened.close()
        assert closed.wait(PATIENCE)


def test_http_2_is_not_asked_for(driver: Driver, tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "localhost")
    context.set_alpn_protocols(["h2", "http/1.1"])
    driver.configure(ca_bundle=str(authority))
    with Server(answering(response(b"x")), tls=context) as server:
        assert driver.fetch(post(server.port, scheme="https", host="localhost"))[2] == b"x"
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")


Resolve = Callable[..., Any]


def test_the_real_host_name(
    driver: Driver, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []
    real: Resolve = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        names.append(name)
        return real("127.0.0.1" if name == AWS_HOST else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    driver.configure(ca_bundle=str(certificate[0]))
    headers = [("Host", AWS_HOST), ("X-Amz-Date", "20240101T000000Z"), ("Content-Length", "2")]
    with Server(answering(response(b"x")), tls=certificate[1]) as server:
        request = replace(post(server.port, "/endpoints/a/invocations", b"{}"), headers=headers)
        assert driver.fetch(replace(request, scheme="https", host=AWS_HOST))[2] == b"x"
    assert AWS_HOST in names
    assert server.requests == [
        b"POST /endpoints/a/invocations HTTP/1.1\r\n"
        b"Host: runtime.sagemaker.eu-west-1.amazonaws.com\r\n"
        b"X-Amz-Date: 20240101T000000Z\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    ]


def test_an_unknown_authority_is_refused(driver: Driver, certificate: tuple[Path, ssl.SSLContext]) -> None:
    with Server(answering(response()), tls=certificate[1]) as server:
        with pytest.raises(ConnectError, match=f"localhost:{server.port}") as caught:
            driver.send(post(server.port, "/?secret", scheme="https", host="localhost"))
        driver.close()
    assert not server.requests
    assert not caught.value.sent
    assert "secret" not in str(caught.value)
    assert "certificate" in str(caught.value)
    assert "AWS_CA_BUNDLE" in str(caught.value)


def test_a_certificate_for_another_host_is_refused(driver: Driver, tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "other.example")
    driver.configure(ca_bundle=str(authority))
    with Server(answering(response()), tls=context) as server:
        with pytest.raises(ConnectError) as caught:
            driver.send(post(server.port, scheme="https", host="localhost"))
        driver.close()
    assert not server.requests
    assert not caught.value.sent


def test_a_server_without_tls(driver: Driver) -> None:
    def plain(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Server(plain) as server:
        with pytest.raises(ConnectError, match=f"127.0.0.1:{server.port}") as caught:
            driver.send(post(server.port, scheme="https"))
        driver.close()
    assert not caught.value.sent


@only_default
def test_a_missing_ca_bundle(driver: Driver, tmp_path: Path) -> None:
    driver.configure(ca_bundle=str(tmp_path / "absent.pem"))
    with pytest.raises(InvalidInput, match=r"absent\.pem.*AWS_CA_BUNDLE.*No such file"):
        driver.send(post(443, scheme="https"))


@only_default
def test_a_ca_bundle_without_certificates(driver: Driver, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("not a certificate")
    driver.configure(ca_bundle=str(tmp_path / "empty.pem"))
    with pytest.raises(InvalidInput, match=r"empty\.pem.*AWS_CA_BUNDLE.*no PEM certificates"):
        driver.send(post(443, scheme="https"))


# Proxies


def tunnel(port: int, heads: list[bytes]) -> Script:
    """A proxy that answers CONNECT by a tunnel to a local port."""

    def script(peer: Peer) -> None:
        head = peer.read_head()
        if head is not None:
            heads.append(head)
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            peer.pipe(port)

    return script


def test_http_goes_through_a_proxy_in_absolute_form(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(response(b"proxied"))) as proxy:
        monkeypatch.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
        request = replace(post(8080, "/a%2Fb?x=1", b"{}"), host="service.test")
        assert driver.fetch(request)[2] == b"proxied"
    lines = proxy.requests[0].split(b"\r\n")
    assert lines[0] == b"POST http://service.test:8080/a%2Fb?x=1 HTTP/1.1"
    given = [f"{name}: {value}".encode().lower() for name, value in request.headers]
    assert sorted(line.lower() for line in lines[1:-2]) == sorted(
        [*given, b"proxy-authorization: basic " + base64.b64encode(b"user:p@ss").lower()]
    )


def test_https_goes_through_a_tunnel(
    driver: Driver, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.configure(ca_bundle=str(certificate[0]))
    heads: list[bytes] = []
    with (
        Server(answering(response(b"tunnelled")), tls=certificate[1]) as server,
        Server(tunnel(server.port, heads)) as proxy,
    ):
        # The proxy resolves the name.
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:pass@127.0.0.1:{proxy.port}")
        request = replace(post(443, body=b"{}", scheme="https"), host=AWS_HOST, port=None)
        for _ in range(2):
            assert driver.fetch(request)[2] == b"tunnelled"
        driver.close()
    assert len(heads) == (1 if driver.library == "default" else 2)
    assert heads[0].startswith(f"CONNECT {AWS_HOST}:443 HTTP/1.1\r\n".encode())
    assert b"basic " + base64.b64encode(b"user:pass").lower() in heads[0].lower()
    assert b"proxy-authorization" not in server.requests[0].lower()
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\n")


@only_default
@pytest.mark.parametrize("name", ["127.0.0.1:1", "proxy.invalid:8080"])
def test_a_proxy_that_is_not_there(driver: Driver, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:hidden@{name}")
    with pytest.raises(ConnectError, match=r"could not connect to the proxy on the way to .*HTTPS_PROXY") as caught:
        driver.fetch(replace(post(443, scheme="https"), host=AWS_HOST, port=None))
    assert "hidden" not in str(caught.value)


@only_default
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_spoken_to_in_tls(
    driver: Driver, scheme: str, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    driver.configure(ca_bundle=str(certificate[0]))
    heads: list[bytes] = []
    answers = answering(response(b"x" * 100_000))
    with (
        Server(answers, tls=certificate[1]) as server,
        Server(answers if scheme == "http" else tunnel(server.port, heads), tls=certificate[1]) as proxy,
    ):
        monkeypatch.setenv(f"{scheme}_proxy", f"https://user:pass@localhost:{proxy.port}")
        request = replace(post(443, body=b"y" * 100_000, scheme=scheme), host=AWS_HOST, port=None)
        for _ in range(2):
            assert driver.fetch(request)[2] == b"x" * 100_000
        driver.close()
    assert (server.connections, proxy.connections) == (0 if scheme == "http" else 1, 1)
    first = proxy.requests[0] if scheme == "http" else heads[0]
    assert b"\r\nProxy-Authorization: Basic " + base64.b64encode(b"user:pass") + b"\r\n" in first


def test_a_stalled_handshake_holds_up_nobody_else(no_proxies: None, certificate: tuple[Path, ssl.SSLContext]) -> None:
    done = threading.Event()

    def stalls(peer: Peer) -> None:
        peer.read_some()
        done.wait(PATIENCE)

    transport = HTTPTransport(ca_bundle=str(certificate[0]))
    with Server(stalls) as stalled, Server(answering(response(b"x")), tls=certificate[1]) as server:

        def wait() -> None:
            with pytest.raises(TransportError):
                transport.send(post(stalled.port, scheme="https", host="localhost"), TIMEOUT)

        thread = threading.Thread(target=wait)
        thread.start()
        request = post(server.port, scheme="https", host="localhost")
        assert transport.send(request, replace(TIMEOUT, connect=5)).read() == b"x"
        transport.close()
        done.set()
        thread.join(PATIENCE)


@only_default
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions_and_their_tickets(driver: Driver, version: ssl.TLSVersion, tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "localhost")
    context.minimum_version = context.maximum_version = version
    driver.configure(ca_bundle=str(authority))
    with Server(answering(response(b"x")), tls=context) as server:
        for _ in range(3):
            assert driver.fetch(post(server.port, scheme="https", host="localhost"))[2] == b"x"
    assert server.connections == 1


@only_default
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_older_tls_is_refused(driver: Driver, tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    driver.configure(ca_bundle=str(authority))
    with Server(answering(response(b"x")), tls=context) as server:
        with pytest.raises(ConnectError, match="no TLS"):
            driver.send(post(server.port, scheme="https", host="localhost"))
        driver.close()


def test_a_proxy_that_refuses(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(peer: Peer) -> None:
        peer.read_head()
        peer.send(response(b"", "407 Proxy Authentication Required"))

    with Server(refuse) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hidden@127.0.0.1:{proxy.port}")
        with pytest.raises(ConnectError, match=f"{AWS_HOST}:443") as caught:
            driver.send(replace(post(443, "/?secret", scheme="https"), host=AWS_HOST))
        driver.close()
    assert not caught.value.sent
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert "407" in str(caught.value)
    assert "HTTPS_PROXY" in str(caught.value)


@pytest.mark.parametrize("answer", [None, b"", b"garbage\r\n\r\n"])
def test_a_proxy_that_fails_has_sent_nothing(
    driver: Driver, answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(peer: Peer) -> None:
        peer.read_head()
        if answer is None:
            peer.wait_for_close()
        else:
            peer.send(answer)

    with Server(fail) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        kind = ConnectTimeout if answer is None else ConnectError
        with pytest.raises(kind) as caught:
            driver.send(replace(post(443, scheme="https"), host=AWS_HOST), replace(TIMEOUT, connect=2, read=0.2))
        driver.close()
    assert type(caught.value) is kind
    assert not caught.value.sent


def test_a_broken_response_in_a_tunnel_was_sent(
    driver: Driver, certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    def closes(peer: Peer) -> None:
        peer.read_request()

    driver.configure(ca_bundle=str(certificate[0]))
    with Server(closes, tls=certificate[1]) as server, Server(tunnel(server.port, [])) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ProtocolError) as caught:
            driver.send(replace(post(443, scheme="https"), host=AWS_HOST))
        driver.close()
    assert caught.value.sent


@only_default
def test_failed_tunnels_do_not_fill_the_pool(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    def no_tls(peer: Peer) -> None:
        peer.read_head()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.read_some()
        peer.send(b"this is not TLS" * 10)
        peer.wait_for_close()
        closed.append(True)

    driver.configure(max_connections=1)
    with Server(no_tls) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        for _ in range(3):
            with pytest.raises(ConnectError, match="TLS") as caught:
                driver.send(replace(post(443, scheme="https"), host=AWS_HOST), replace(TIMEOUT, pool=1))
            assert type(caught.value) is ConnectError
    assert len(closed) == 3


@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", None])
def test_no_proxy(driver: Driver, exempt: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(response(b"proxied"))) as proxy, Server(answering(response(b"direct"))) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        if exempt is None:
            driver.configure(proxies=False)
        else:
            monkeypatch.setenv("NO_PROXY", exempt)
        assert driver.fetch(post(server.port))[2] == b"direct"


@only_default
def test_no_proxy_for_one_port(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(response(b"proxied"))) as proxy, Server(answering(response(b"direct"))) as server:
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", f".test,127.0.0.1:{server.port}")
        assert driver.fetch(post(server.port))[2] == b"direct"
        assert driver.fetch(post(80))[2] == b"proxied"


@pytest.mark.parametrize("exempt", [".amazonaws.com", "amazonaws.com", AWS_HOST])
def test_no_proxy_for_a_domain(exempt: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without_proxies(monkeypatch)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert Proxies(True).find("https", AWS_HOST, None) is None
    assert Proxies(True).find("https", "service.test", None) == "http://proxy.test"


@only_default
def test_a_proxy_without_a_scheme(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(answering(response(b"proxied"))) as proxy:
        monkeypatch.setenv("all_proxy", f"127.0.0.1:{proxy.port}")
        assert driver.fetch(post(80))[2] == b"proxied"


@only_default
@pytest.mark.parametrize("url", ["socks5://user:hidden@127.0.0.1:1080", "http://", "http://:hidden@:99999x/"])
def test_a_proxy_that_cannot_be_used(driver: Driver, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", url)
    with pytest.raises(InvalidInput, match="HTTPS_PROXY") as caught:
        driver.send(post(80))
    assert "hidden" not in str(caught.value)


@only_default
def test_a_tunnel_to_an_ipv6_address(driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority, context = make_certificate(tmp_path, "::1")
    driver.configure(ca_bundle=str(authority))
    heads: list[bytes] = []
    with (
        Server(answering(response(b"x")), tls=context) as server,
        Server(tunnel(server.port, heads)) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        assert driver.fetch(replace(post(443, scheme="https"), host="[::1]"))[2] == b"x"
        driver.close()
    assert heads[0].startswith(b"CONNECT [::1]:443 HTTP/1.1\r\n")
