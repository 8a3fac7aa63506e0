"""An API with one of everything, and edits to it with what each means to callers of the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SPEC = """@lap v0.3
@api Shop
@version 2020-01-01
@auth AWS SigV4

@endpoint GET /items/{ItemId}
@desc Reads an item.
@required {ItemId: str # Which one.}
@optional {Limit: int=10 # How many., Order: str(up/down/any), Since: str(timestamp), Token: str}
@returns(200) {Item: Item, Next: str?, Count: int, Made: str(timestamp), Kinds: [str]?, \
State: str(new/old/lost)?, Raw: any?}

@endpoint PUT /items/{ItemId}
@desc Writes an item.
@required {ItemId: str, Item: Item, Price: Price}
@optional {Labels: map<str,str>, Weight: num, ClientToken: str}
@returns(200) {Version: int}

@endpoint POST /items/{ItemId}/photo
@desc Sends a photo.
@required {ItemId: str, Photo: bytes}
@optional {ContentType: str}
@returns(200) {Photo: bytes}

@endpoint POST /watch/{Room}
@desc Listens.
@required {Room: str}
@returns(200) {Events: ShopEvents{sold: Sold?{Who: str, At: str(timestamp)?}, \
closed: Closed?{Why: str?}, refused: Refused?{Why: str?}}, Session: str?}

@endpoint DELETE /items/{ItemId}
@desc Removes an item.
@required {ItemId: str}

@end
"""

TYPES = """@type Item {Name: str, Size: int?, Made: str(timestamp)?, Parts: [Part]?}
@type Part {Id: str, Note: str?}
@type Price {Amount: int, Currency: str(EUR/USD/GBP)?, Until: str(timestamp)?}
@type NotFound {message: str?, Resource: str?}
@type Gone {message: str?}
"""

BINDINGS = """lapsmith: 1
service: {id: Shop, class: Shop, protocol: rest-json, signing: shop}
endpoint:
  host: "shop.{region}.{dnsSuffix}"
  fips: "shop-fips.{region}.{dnsSuffix}"
operations:
  GetItem:
    at: GET /items/{ItemId}
    in: {Limit: query, Order: query, Since: query, Token: query}
    out: {Kinds: {in: body, enum: Kind}, Next: {in: body, enum: Thing}}
    pages: {in: [Token], out: [Next], items: [Kinds], limit: Limit}
    errors: [NotFound, Gone]
  PutItem:
    at: PUT /items/{ItemId}
    in: {ItemId: {in: label, enum: Kind}, ClientToken: {token: true}}
    errors: [NotFound]
  SendPhoto:
    at: POST /items/{ItemId}/photo
    in: {Photo: payload, ContentType: {in: header, name: Content-Type}}
    out: {Photo: {in: payload}}
    retry: safe
  Watch:
    at: POST /watch/{Room}
    out: {Events: {in: events}, Session: {in: header, name: x-session}}
  DeleteItem:
    at: DELETE /items/{ItemId}
waiters:
  ItemReady: {operation: GetItem, delay: 5, attempts: 10, accept: [{path: State, is: old}]}
enums:
  Kind: [toy, tool]
  Thing: [item, room]
errors:
  NotFound: {status: 404, retry: never, doc: There is no such item.}
  Gone: {status: 410}
  Refused: {doc: Nobody may listen.}
"""

EVENTS = SPEC[SPEC.index("Events:") : SPEC.index("Session:")]
FILES = {"spec.lap": SPEC, "types.lap": TYPES, "bindings.yaml": BINDINGS}

CALLER = '''"""Uses all of the old client, with every value's type stated."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shop import (
    EventStream,
    GetItemOutput,
    Gone,
    NotFound,
    PutItemOutput,
    Refused,
    SendPhotoOutput,
    Shop,
    ShopError,
    UnknownEvent,
    WatchStream,
)
from shop.events import ShopEventsEvent
from shop.types import Closed, Item, Kind, Part, Price, Sold


def use(client: Shop) -> None:
    got: GetItemOutput = client.get_item(
        item_id="1", limit=2, order="up", since=datetime(2020, 1, 1), token="t"
    )
    item: Item | None = got.item
    next_: str | None = got.next
    count: int = got.count
    made: datetime = got.made
    kinds: list[str] | None = got.kinds
    known: list[Kind] | None = got.kinds
    state: str | None = got.state
    raw: Any = got.raw
    client.get_item(item_id="1")
    part = Part(id="1", note="n")
    built = Item(name="n", size=1, made=datetime(2020, 1, 1), parts=[part])
    Item(name="n")
    price = Price(amount=1, currency="EUR", until=datetime(2020, 1, 1))
    Price(amount=1)
    put: PutItemOutput = client.put_item(
        item_id="1", item=built, price=price, labels={"a": "b"}, weight=1.5, client_token="t"
    )
    client.put_item(item_id="1", item=built, price=price)
    version: int = put.version
    if item is not None:
        name: str = item.name
        size: int | None = item.size
        parts: list[Part] | None = item.parts
        for each in parts or []:
            note: str | None = each.note
            each_id: str = each.id
    photo: SendPhotoOutput = client.send_photo(item_id="1", photo=b"p", content_type="image/png")
    client.send_photo(item_id="1", json={"a": 1})
    sent: bytes = photo.photo
    photo.json()
    client.delete_item(item_id="1")
    with client.watch(room="r") as stream:
        session: str | None = stream.session
        for event in stream:
            look(event)


def look(event: ShopEventsEvent | UnknownEvent) -> None:
    if isinstance(event, Sold):
        who: str = event.who
        at: datetime | None = event.at
    elif isinstance(event, Closed):
        why: str | None = event.why


def wait(client: Shop) -> None:
    for kind in client.paginate_get_item(item_id="1").items():
        text: str = kind
    ready: GetItemOutput = client.wait_until_item_ready(item_id="1")


def fail(client: Shop) -> None:
    try:
        client.delete_item(item_id="1")
    except NotFound as error:
        resource: str | None = error.resource
    except Refused as refused:
        why: str | None = refused.why
    except Gone:
        pass
    except ShopError:
        pass
'''


@dataclass(frozen=True)
class Edit:
    """Replacements in the files of the API, and the changes that must be reported, as (kind, severity, subject).

    ``seen``: whether mypy sees what a major change breaks; False where it only shows at run time.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    expected: frozenset[tuple[str, str, str]]
    seen: bool = True
    notes: frozenset[str] = field(default_factory=frozenset)

    def files(self) -> dict[str, str]:
        """The files after the edit. Every replacement must find its text exactly once."""
        files = dict(FILES)
        for name, old, new in self.edits:
            assert files[name].count(old) == 1, (self.name, old, files[name].count(old))
            files[name] = files[name].replace(old, new)
        return files

    @property
    def severity(self) -> str | None:
        """The gravest expected severity."""
        found = [severity for _, severity, _ in self.expected]
        return next((severity for severity in ("major", "minor", "patch") if severity in found), None)


def spec(old: str, new: str) -> tuple[str, str, str]:
    return "spec.lap", old, new


def types(old: str, new: str) -> tuple[str, str, str]:
    return "types.lap", old, new


def bound(old: str, new: str) -> tuple[str, str, str]:
    return "bindings.yaml", old, new


def edit(name: str, *parts: tuple[str, str, str] | str, seen: bool = True, notes: tuple[str, ...] = ()) -> Edit:
    """An edit; the texts among ``parts`` are ``kind severity subject``."""
    expected = frozenset(tuple(part.split(" ", 2)) for part in parts if isinstance(part, str))
    edits = tuple(part for part in parts if not isinstance(part, str))
    return Edit(name, edits, expected, seen, frozenset(notes))  # type: ignore[arg-type]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Lay an API out in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder
