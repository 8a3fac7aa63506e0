"""What is said of a service as a whole: identity, authentication, endpoints, protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lapsmith.apidiff.members import fact_span
from lapsmith.apidiff.model import Impact, Kind, Log
from lapsmith.diagnostics import Span
from lapsmith.ir import model as ir
from lapsmith.python import requirements
from lapsmith.python.view import ClientView

_SAME_CALLS = "calls are written as before, and the service is spoken to as it wants"
_HOSTS = {
    "default": "host",
    "fips": "FIPS host",
    "dualstack": "dual-stack host",
    "fips_dualstack": "FIPS dual-stack host",
}


@dataclass(frozen=True, slots=True)
class Header:
    """Compares the facts of two services that belong to no operation."""

    log: Log
    old: ir.Service
    new: ir.Service
    client: str

    def compare(self, old: ClientView, new: ClientView) -> None:
        """Compare everything."""
        self._names(old, new)
        self._identity()
        self._signing()
        self._endpoints()
        self._protocol()

    def _spans(self, fact: str) -> tuple[Span | None, Span | None]:
        return fact_span(self.old.origins, fact, "name"), fact_span(self.new.origins, fact, "name")

    def _add(self, kind: Kind, severity: Impact, what: str, why: str, fact: str) -> None:
        self.log.add(kind, severity, self.client, what, why, *self._spans(fact))

    def _names(self, old: ClientView, new: ClientView) -> None:
        for was, now in ((old.class_name, new.class_name), (old.base_error, new.base_error)):
            if was != now:
                what, why = f"now called {now}", "imports of the old name fail"
                self.log.add(Kind.CLIENT_RENAMED, Impact.MAJOR, was, what, why, *self._spans("class_name"))

    def _identity(self) -> None:
        if self.old.id != self.new.id:
            was, now = _variable(self.old.id), _variable(self.new.id)
            what = f"service id '{self.old.id}', now '{self.new.id}'"
            severity, why = Impact.PATCH, "only the User-Agent header shows it"
            if was != now:
                severity, why = Impact.MAJOR, f"an endpoint set with {was} is ignored: the variable is now {now}"
            self._add(Kind.SERVICE_ID, severity, what, why, "id")
        if self.old.api_version != self.new.api_version:
            what = f"API version {self.old.api_version or 'unknown'}, now {self.new.api_version or 'unknown'}"
            self._add(Kind.VERSION, Impact.PATCH, what, "what changed with it is listed by itself", "api_version")
        if (self.old.name, self.old.doc) != (self.new.name, self.new.doc):
            what, why = "name or description reworded", "only docstrings change"
            self._add(Kind.DOCUMENTATION, Impact.PATCH, what, why, "name")
        if self.old.read_timeout != self.new.read_timeout:
            was, now = _seconds(self.old.read_timeout), _seconds(self.new.read_timeout)
            why = "slow calls time out sooner or later than before"
            self._add(Kind.TIMEOUT, Impact.MINOR, f"read timeout {was}, now {now}", why, "read_timeout")
        self._retries()

    def _retries(self) -> None:
        why = "calls that fail are sent more or less often, or sooner or later"
        if self.old.max_attempts != self.new.max_attempts:
            was, now = (side.max_attempts or "default" for side in (self.old, self.new))
            self._add(Kind.RETRIES, Impact.MINOR, f"attempts {was}, now {now}", why, "max_attempts")
        if self.old.retry_delay != self.new.retry_delay:
            was, now = _seconds(self.old.retry_delay), _seconds(self.new.retry_delay)
            self._add(Kind.RETRIES, Impact.MINOR, f"first retry delay {was}, now {now}", why, "retry_delay")
        if self.old.crc32 != self.new.crc32:
            what = f"checksums of responses {'are checked' if self.new.crc32 else 'are no longer checked'}"
            self._add(Kind.RETRIES, Impact.MINOR, what, "damaged responses are errors or not", "crc32")

    def _signing(self) -> None:
        was, now = self.old.signing, self.new.signing
        if was is None and now is not None:
            why = "calls raise CredentialsError where there are none"
            self._add(Kind.AUTH, Impact.MAJOR, "requests are now signed", why, "signing")
        elif was is not None and now is None:
            what = "requests are no longer signed"
            self._add(Kind.AUTH, Impact.MINOR, what, "calls no longer need credentials", "signing")
        elif was is not None and now is not None:
            if was.name != now.name:
                what = f"signed for '{was.name}', now for '{now.name}'"
                why = "credentials are the same; policies and proxies may look at the scope"
                self._add(Kind.AUTH, Impact.MINOR, what, why, "signing")
            if was.s3 != now.s3:
                self._add(Kind.AUTH, Impact.PATCH, "S3's rules for paths changed", _SAME_CALLS, "signing")

    def _endpoints(self) -> None:
        had, has = _is_located(self.old), _is_located(self.new)
        if had and not has:
            what, why = "no endpoint is known any more", "callers must give endpoint_url"
            self._add(Kind.ENDPOINT, Impact.MAJOR, what, why, "base_url")
            return
        if has and not had:
            what, why = "an endpoint is known", "endpoint_url can be left out"
            self._add(Kind.ENDPOINT, Impact.MINOR, what, why, "base_url")
            return
        if self.old.base_url != self.new.base_url and not (_has_hosts(self.old) and _has_hosts(self.new)):
            what = f"base {self.old.base_url or 'none'}, now {self.new.base_url or 'none'}"
            why = "requests go to another host: firewalls and proxies may have to know"
            self._add(Kind.ENDPOINT, Impact.MINOR, what, why, "base_url")
        if self.old.endpoint_rules != self.new.endpoint_rules:
            what = "endpoint rules changed"
            if self.old.endpoint_rules is None or self.new.endpoint_rules is None:
                what = "endpoints by rules now" if self.new.endpoint_rules else "endpoints no longer by rules"
            why = "requests may go to another host: firewalls and proxies may have to know"
            self._add(Kind.ENDPOINT, Impact.MINOR, what, why, "endpoint_rules")
            return
        for fact, told in _HOSTS.items():
            self._host(told, fact, _templates(self.old, fact), _templates(self.new, fact))

    def _host(self, told: str, fact: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        spans = [fact_span(side.hosts.origins, fact) if side.hosts else None for side in (self.old, self.new)]
        for partition in sorted(old.keys() | new.keys()):
            was, now = old.get(partition), new.get(partition)
            if was == now:
                continue
            where = "" if partition == "*" else f" in {partition}"
            severity, why = Impact.MINOR, "requests go to another host: firewalls and proxies may have to know"
            if was is None:
                what = f"{told}{where}: '{now}'"
            elif now is None:
                severity, what = Impact.MAJOR, f"no {told}{where} any more (was '{was}')"
                why = "clients that ask for it are refused"
                if "*" in new:
                    severity, why = Impact.MINOR, "the host of all other partitions applies"
            else:
                what = f"{told}{where} '{was}', now '{now}'"
            self.log.add(Kind.ENDPOINT, severity, self.client, what, why, *spans)

    def _protocol(self) -> None:
        if self.old.protocol is not self.new.protocol:
            what = f"protocol {self.old.protocol}, now {self.new.protocol}"
            self._add(Kind.PROTOCOL, Impact.PATCH, what, _SAME_CALLS, "protocol")
        if self.old.target != self.new.target:
            what = f"target {self.old.target or 'none'}, now {self.new.target or 'none'}"
            self._add(Kind.WIRE, Impact.PATCH, what, _SAME_CALLS, "target")
        if self.old.headers != self.new.headers:
            what = f"headers of every request: {_headers(self.old)}, now {_headers(self.new)}"
            self._add(Kind.WIRE, Impact.PATCH, what, _SAME_CALLS, "headers")
        if self.old.query_compatible != self.new.query_compatible:
            what = "error codes are now those of the query protocol"
            if not self.new.query_compatible:
                what = "error codes are no longer those of the query protocol"
            why = "code that compares error.code may meet another text"
            self._add(Kind.ERROR_CODE, Impact.MINOR, what, why, "query_compatible")
        before, after = requirements(self.old), requirements(self.new)
        for item in sorted(set(after) - set(before)):
            what, why = f"needs {item}", "the package that has the client must declare it"
            self._add(Kind.REQUIREMENTS, Impact.MINOR, what, why, "protocol")
        for item in sorted(set(before) - set(after)):
            what, why = f"no longer needs {item}", "it may stay declared"
            self._add(Kind.REQUIREMENTS, Impact.PATCH, what, why, "protocol")


def _is_located(service: ir.Service) -> bool:
    return service.base_url is not None or _has_hosts(service)


def _has_hosts(service: ir.Service) -> bool:
    """Whether the client computes hosts, and does not use the spec's base."""
    return service.hosts is not None or service.endpoint_rules is not None


def _templates(service: ir.Service, fact: str) -> Mapping[str, str]:
    found: Mapping[str, str] = getattr(service.hosts, fact) if service.hosts else {}
    return found


def _variable(service_id: str) -> str:
    """The environment variable that sets the endpoint of one service."""
    return f"AWS_ENDPOINT_URL_{re.sub(r'[^A-Za-z0-9]+', '_', service_id).upper()}"


def _seconds(timeout: float | None) -> str:
    return "the usual" if timeout is None else f"{timeout:g} s"


def _headers(service: ir.Service) -> str:
    return ", ".join(f"'{name}: {value}'" for name, value in sorted(service.headers.items())) or "none"
