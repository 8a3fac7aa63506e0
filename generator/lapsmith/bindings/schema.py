"""The keys of ``bindings.yaml``, read into :mod:`lapsmith.bindings.model`. Everything unknown is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lapsmith.bindings import model
from lapsmith.bindings.enums import read_enum
from lapsmith.bindings.hosts import read_host
from lapsmith.bindings.model import Bindings, Fact
from lapsmith.bindings.operations import read_members, read_operation
from lapsmith.bindings.reader import Section, boolean, mapping, text, unknown_key
from lapsmith.bindings.waiters import read_waiter
from lapsmith.bindings.yaml_nodes import MappingNode, Node, ScalarNode
from lapsmith.diagnostics import Diagnostics

VERSION = 1
_ROOT = ("lapsmith", "derived", "service", "endpoint", "operations", "waiters", "shapes", "errors", "enums")
_SERVICE = (
    *("id", "class", "protocol", "version", "target", "signing", "read_timeout", "retries", "crc32", "s3"),
    "query_compatible",
    "headers",
)
_RETRIES = ("attempts", "delay")
_HOSTS = ("host", "fips", "dualstack", "fips_dualstack")
_ERROR = ("status", "retry", "code", "doc")
_FLAGS = ("union", "document", "attribute_value")
_CLASS = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def read(root: MappingNode, overrides_file: str | None, diagnostics: Diagnostics) -> Bindings | None:
    """Read the whole file; None when it is not of this version. Other errors are in ``diagnostics``."""
    section = Section.of(root, "the top level", _ROOT, diagnostics)
    if not _check_version(section, diagnostics):
        return None
    return Bindings(
        file=root.span.file,
        overrides_file=overrides_file,
        version=VERSION,
        derived=_derived(section, diagnostics),
        service=_service(section, diagnostics),
        endpoint=_endpoint(section, diagnostics),
        operations={
            name: operation
            for name, key, value in _named(section, "operations", diagnostics)
            if (operation := read_operation(key, value, diagnostics))
        },
        waiters={
            name: waiter
            for name, key, value in _named(section, "waiters", diagnostics)
            if (waiter := read_waiter(key, value, diagnostics))
        },
        shapes={n: _shape(k, v, diagnostics) for n, k, v in _named(section, "shapes", diagnostics)},
        errors={n: _error(k, v, diagnostics) for n, k, v in _named(section, "errors", diagnostics)},
        enums={n: read_enum(k, v, diagnostics) for n, k, v in _named(section, "enums", diagnostics)},
    )


def _named(section: Section, key: str, diagnostics: Diagnostics) -> list[tuple[str, ScalarNode, Node]]:
    node = section.node(key)
    if node is None:
        return []
    entries = mapping(node, f"'{key}'", diagnostics)
    if "" in entries:
        diagnostics.error(entries[""][0].span, "unknown-key", f"'{key}' has an empty name", "give it a name")
    return [(name, entry[0], entry[1]) for name, entry in entries.items() if name]


def _check_version(section: Section, diagnostics: Diagnostics) -> bool:
    if not section.require("lapsmith"):
        return False
    fact = section.integer("lapsmith", 0, 10**9)
    if fact is not None and fact.value != VERSION:
        message = f"this file is written for version {fact.value} of the bindings schema"
        diagnostics.error(fact.span, "bindings-version", message, f"this lapsmith reads version {VERSION}")
    return fact is not None and fact.value == VERSION


def _derived(section: Section, diagnostics: Diagnostics) -> model.Derived | None:
    node = section.node("derived")
    if node is None:
        return None
    inner = Section.of(node, "'derived'", ("model", "sha256"), diagnostics)
    return model.Derived(inner.text("model"), inner.word("sha256"), section.key_span("derived"))


def _service(section: Section, diagnostics: Diagnostics) -> model.ServiceBinding | None:
    node = section.node("service")
    if node is None:
        return None
    inner = Section.of(node, "'service'", _SERVICE, diagnostics)
    class_name = inner.word("class")
    identity, target, signing = inner.text("id"), inner.word("target"), inner.word("signing")
    version = inner.word("version")
    _check(version, _NAME, "a version", "AWS's are dates such as 2011-06-15", diagnostics)
    _check(class_name, _CLASS, "a class name", "use letters and digits, a letter first", diagnostics)
    _check(identity, _ID, "a service id", "AWS's are of letters, digits and spaces", diagnostics)
    _check(target, _NAME, "a target", "AWS's are of letters, digits, '.', '_' and '-'", diagnostics)
    _check(signing, _NAME, "a signing name", "AWS's are of letters, digits, '.', '_' and '-'", diagnostics)
    return model.ServiceBinding(
        span=section.key_span("service"),
        id=identity,
        class_name=class_name,
        protocol=inner.choice("protocol", model.PROTOCOLS),
        target=target,
        signing=signing,
        read_timeout=inner.seconds("read_timeout"),
        retries=_retries(inner, diagnostics),
        crc32=inner.boolean("crc32"),
        s3=inner.boolean("s3"),
        query_compatible=inner.boolean("query_compatible"),
        headers=_headers(inner, diagnostics),
        version=version,
    )


def _retries(service: Section, diagnostics: Diagnostics) -> model.Retries | None:
    node = service.node("retries")
    if node is None:
        return None
    inner = Section.of(node, "'retries' of 'service'", _RETRIES, diagnostics)
    return model.Retries(attempts=inner.integer("attempts", 1, 100), delay=inner.seconds("delay"))


def _check(fact: Fact[str] | None, pattern: re.Pattern[str], what: str, hint: str, diagnostics: Diagnostics) -> None:
    if fact and not pattern.fullmatch(fact.value):
        diagnostics.error(fact.span, "bad-value", f"'{fact.value}' cannot be {what}", hint)


def _headers(inner: Section, diagnostics: Diagnostics) -> Mapping[str, Fact[str]]:
    node = inner.node("headers")
    entries = mapping(node, "'headers' of 'service'", diagnostics) if node else {}
    found: dict[str, Fact[str]] = {}
    for name, (key, value) in entries.items():
        if name.lower() in map(str.lower, found):
            message = f"the header '{name}' is here twice: case makes no difference"
            diagnostics.error(key.span, "duplicate-key", message, "keep one of them")
        elif fact := text(value, f"header {name}", diagnostics):
            if not _HEADER.fullmatch(fact.value):
                message = f"the header '{name}' cannot be sent with this value"
                diagnostics.error(fact.span, "bad-value", message, "printable ASCII goes, with no space at either end")
            found[name] = fact
    return found


def _endpoint(section: Section, diagnostics: Diagnostics) -> model.EndpointBinding | None:
    node = section.node("endpoint")
    if node is None:
        return None
    inner = Section.of(node, "'endpoint'", (*_HOSTS, "rules"), diagnostics)
    forms = {key: read_host(value, key, diagnostics) for key in _HOSTS if (value := inner.node(key)) is not None}
    rules, span = inner.word("rules"), section.key_span("endpoint")
    if "rules" in inner.entries and any(key in inner.entries for key in _HOSTS):
        message = "'endpoint' has both host templates and 'rules'"
        diagnostics.error(inner.key_span("rules"), "bad-value", message, "keep one of them")
    if "rules" not in inner.entries:
        inner.require("host")
    if rules and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", rules.value):
        message = f"'{rules.value}' must be the name of a file beside this one"
        diagnostics.error(rules.span, "bad-value", message, "for instance endpoint-rules.json")
    return model.EndpointBinding(span, rules=rules, **forms)


def _shape(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> model.ShapeBinding:
    where = f"shape {key.text}"
    entries = mapping(value, where, diagnostics)
    members = {name: entry for name, entry in entries.items() if not _is_flag(name, entry, where, diagnostics)}
    flags = {
        name: boolean(entry[1], f"'{name}' of {where}", diagnostics)
        for name, entry in entries.items()
        if name in _FLAGS and name not in members
    }
    node = MappingNode(members, value.span)
    bound = read_members(node, where, model.SHAPE_LOCATIONS, diagnostics)
    return model.ShapeBinding(key.text, key.span, bound, **flags)


def _is_flag(name: str, entry: tuple[ScalarNode, Node], where: str, diagnostics: Diagnostics) -> bool:
    """Tell ``union: true`` from a member; a member may be called ``union``, but is not a yes or no then."""
    key, value = entry
    if not isinstance(value, ScalarNode) or value.text in model.SHAPE_LOCATIONS:
        return False
    if name not in _FLAGS and value.kind == "bool":
        unknown_key(key, where, _FLAGS, diagnostics)
        return True
    return name in _FLAGS


def _error(key: ScalarNode, value: Node, diagnostics: Diagnostics) -> model.ErrorBinding:
    inner = Section.of(value, f"error {key.text}", _ERROR, diagnostics)
    return model.ErrorBinding(
        name=key.text,
        span=key.span,
        status=inner.integer("status", 100, 599),
        retry=inner.choice("retry", model.ERROR_RETRIES),
        code=inner.word("code"),
        doc=inner.text("doc"),
    )
