"""The table: what is edited, and what it means."""

from __future__ import annotations

from diff.api import EVENTS, Edit, bound, edit, spec, types

EDITS: tuple[Edit, ...] = (
    # Operations.
    edit(
        "operation removed",
        spec("@endpoint DELETE /items/{ItemId}\n@desc Removes an item.\n@required {ItemId: str}\n\n", ""),
        bound("  DeleteItem:\n    at: DELETE /items/{ItemId}\n", ""),
        "operation-removed major delete_item()",
    ),
    edit(
        "operation added",
        spec("@end\n", "@endpoint GET /all\n@returns(200) {Names: [str]?}\n\n@end\n"),
        bound("waiters:", "  ListAll:\n    at: GET /all\nwaiters:"),
        "operation-added minor list_all()",
    ),
    edit(
        "operation renamed",
        bound("  DeleteItem:\n    at: DELETE", "  RemoveItem:\n    at: DELETE"),
        "operation-removed major delete_item()",
        "operation-added minor remove_item()",
        notes=("perhaps renamed to 'remove_item'", "perhaps 'delete_item' under a new name"),
    ),
    edit(
        "operation renamed, its spelling kept",
        bound("  DeleteItem:\n    at: DELETE", "  deleteItem:\n    at: DELETE"),
    ),
    edit(
        "path changed",
        spec("/items/{ItemId}/photo", "/items/{ItemId}/picture"),
        bound("/items/{ItemId}/photo", "/items/{ItemId}/picture"),
        "wire patch send_photo()",
    ),
    edit("status changed", bound("    retry: safe\n", "    retry: safe\n    status: 201\n"), "wire patch send_photo()"),
    edit(
        "host prefix",
        bound("  DeleteItem:\n", '  DeleteItem:\n    host: "{ItemId}."\n'),
        "wire patch delete_item()",
    ),
    edit("compression", bound("  DeleteItem:\n", "  DeleteItem:\n    compress: gzip\n"), "wire patch delete_item()"),
    edit(
        "endpoint parameter",
        bound("  DeleteItem:\n", "  DeleteItem:\n    endpoint: {Kind: {is: control}}\n"),
        "wire patch delete_item()",
    ),
    edit("no longer signed", bound("  DeleteItem:\n", "  DeleteItem:\n    auth: none\n"), "auth minor delete_item()"),
    edit(
        "payload no longer signed",
        bound("  DeleteItem:\n", "  DeleteItem:\n    auth: unsigned-payload\n"),
        "auth patch delete_item()",
    ),
    edit("retry safety lost", bound("    retry: safe\n", ""), "retry-safety minor send_photo()"),
    edit("retry safety won", bound("  Watch:\n", "  Watch:\n    retry: safe\n"), "retry-safety minor watch()"),
    edit("description", spec("Reads an item.", "Fetches an item."), "documentation patch get_item()"),
    # Parameters.
    edit(
        "parameter removed",
        spec("Order: str(up/down/any), ", ""),
        bound("Order: query, ", ""),
        "parameter-removed major get_item(order=)",
    ),
    edit(
        "optional parameter added",
        spec(", Token: str}", ", Token: str, Deep: bool}"),
        "parameter-added minor get_item(deep=)",
    ),
    edit(
        "required parameter added",
        spec("{ItemId: str # Which one.}", "{ItemId: str # Which one., Deep: bool}"),
        "parameter-added major get_item(deep=)",
    ),
    edit(
        "parameter now required",
        spec(
            "@required {ItemId: str # Which one.}\n@optional {Limit: int=10 # How many., ",
            "@required {ItemId: str # Which one., Limit: int=10 # How many.}\n@optional {",
        ),
        "parameter-required major get_item(limit=)",
    ),
    edit(
        "parameter now optional",
        spec("{Room: str}\n", "{}\n@optional {Room: str}\n"),
        spec("/watch/{Room}", "/watch"),
        bound("/watch/{Room}", "/watch"),
        "parameter-required minor watch(room=)",
        "wire patch watch()",
        "wire patch watch(room=)",
    ),
    edit(
        "parameter renamed",
        spec("Weight: num", "Mass: num"),
        "parameter-removed major put_item(weight=)",
        "parameter-added minor put_item(mass=)",
        notes=("perhaps renamed to 'mass'", "perhaps 'weight' under a new name"),
    ),
    edit("parameter renamed, its spelling kept", spec("Weight: num", "weight: num"), "wire patch put_item(weight=)"),
    edit("parameter narrowed", spec("Weight: num", "Weight: int"), "parameter-type major put_item(weight=)"),
    edit("parameter widened", spec("Limit: int=10", "Limit: num=10"), "parameter-type minor get_item(limit=)"),
    edit(
        "parameter of another type",
        spec("Labels: map<str,str>", "Labels: [str]"),
        "parameter-type major put_item(labels=)",
    ),
    edit(
        "items of a parameter narrowed",
        spec("Labels: map<str,str>", "Labels: map<str,int>"),
        "parameter-type major put_item(labels=)",
    ),
    edit(
        "items of a parameter may be null",
        spec("Labels: map<str,str>", "Labels: map<str,str?>"),
        "parameter-type minor put_item(labels=)",
    ),
    edit("parameter takes anything", spec("Weight: num", "Weight: any"), "parameter-type minor put_item(weight=)"),
    edit("parameter of more bits", spec("Limit: int=10", "Limit: int(i64)=10"), "wire patch get_item(limit=)"),
    edit("default changed", spec("Limit: int=10", "Limit: int=20"), "default minor get_item(limit=)"),
    edit("default gone", spec("Limit: int=10", "Limit: int"), "default minor get_item(limit=)"),
    edit("value no longer taken", spec("str(up/down/any)", "str(up/down)"), "enum major get_item(order=)", seen=False),
    edit("value taken", spec("str(up/down/any)", "str(up/down/any/none)"), "enum minor get_item(order=)"),
    edit("any value taken", spec("str(up/down/any)", "str"), "enum minor get_item(order=)"),
    edit(
        "only some values taken", spec(", Token: str}", ", Token: str(a/b)}"), "enum major get_item(token=)", seen=False
    ),
    edit(
        "parameter documented otherwise",
        spec("# How many.", "# How many at most."),
        "documentation patch get_item(limit=)",
    ),
    edit(
        "parameter in a header",
        bound("Since: query", "Since: {in: header, name: x-since}"),
        "wire patch get_item(since=)",
    ),
    edit(
        "parameter called otherwise on the wire",
        bound("Order: query", "Order: {in: query, name: sort}"),
        "wire patch get_item(order=)",
    ),
    edit(
        "timestamp format",
        bound("Since: query", "Since: {in: query, timestamp: epoch-seconds}"),
        "wire patch get_item(since=)",
    ),
    edit(
        "token no longer made",
        bound("    in: {ClientToken: {token: true}}\n", ""),
        "wire patch put_item(client_token=)",
    ),
    edit(
        "no payload as JSON",
        bound("ContentType: {in: header, name: Content-Type}", "ContentType: {in: header, name: x-type}"),
        "parameter-removed major send_photo(json=)",
        "wire patch send_photo(content_type=)",
    ),
    # Outputs.
    edit("output member removed", spec("Count: int, ", ""), "attribute-removed major GetItemOutput.count"),
    edit(
        "output member added",
        spec("Count: int, ", "Count: int, Total: int?, "),
        "attribute-added minor GetItemOutput.total",
    ),
    edit(
        "output member may be missing",
        spec("Count: int, ", "Count: int?, "),
        "attribute-required major GetItemOutput.count",
    ),
    edit("output member always there", spec("Next: str?", "Next: str"), "attribute-required minor GetItemOutput.next"),
    edit(
        "output timestamp may be missing",
        spec("Made: str(timestamp), ", "Made: str(timestamp)?, "),
        "attribute-required major GetItemOutput.made",
    ),
    edit(
        "output member widened", spec("{Version: int}", "{Version: num}"), "attribute-type major PutItemOutput.version"
    ),
    edit("output member narrowed", spec("Raw: any?", "Raw: str?"), "attribute-type minor GetItemOutput.raw"),
    edit(
        "output items may be null",
        spec("Kinds: [str]?", "Kinds: [str?]?"),
        "pages major paginate_get_item()",
        "attribute-type major GetItemOutput.kinds",
    ),
    edit(
        "output member a structure now",
        spec("Raw: any?", "Raw: Part?"),
        "attribute-type major GetItemOutput.raw",
        seen=False,
    ),
    edit(
        "output value added",
        spec("State: str(new/old/lost)?", "State: str(new/old/lost/sold)?"),
        "enum minor GetItemOutput.state",
    ),
    edit(
        "output value gone", spec("State: str(new/old/lost)?", "State: str(new/old)?"), "enum patch GetItemOutput.state"
    ),
    edit(
        "output member renamed",
        spec("Version: int", "Revision: int"),
        "attribute-removed major PutItemOutput.version",
        "attribute-added minor PutItemOutput.revision",
        notes=("perhaps renamed to 'revision'", "perhaps 'version' under a new name"),
    ),
    edit(
        "output member renamed, its spelling kept",
        spec("Version: int", "version: int"),
        "wire patch PutItemOutput.version",
    ),
    edit(
        "output member's spelling taken by another",
        spec("{Version: int}", "{version: str, Version: int}"),
        "attribute-type major PutItemOutput.version",
        "wire patch PutItemOutput.version",
        "attribute-added minor PutItemOutput.version_",
    ),
    edit(
        "output payload no blob",
        bound("    out: {Photo: {in: payload}}\n", "    out: {Photo: body}\n"),
        "attribute-removed major SendPhotoOutput.json()",
        "wire patch SendPhotoOutput.photo",
    ),
    # Structures, nested as they are.
    edit(
        "nested member removed",
        types("@type Part {Id: str, Note: str?}", "@type Part {Id: str}"),
        "attribute-removed major Part.note",
    ),
    edit("nested member added", types("Note: str?}", "Note: str?, More: str?}"), "attribute-added minor Part.more"),
    edit(
        "nested required member added to what is sent",
        types("{Amount: int, ", "{Amount: int, Tax: int, "),
        "attribute-added major Price.tax",
    ),
    edit(
        "nested required member added to what is sent and read",
        types("@type Part {Id: str", "@type Part {Id: str, No: int"),
        "attribute-added major Part.no",
        seen=False,
    ),
    edit(
        "nested member now required",
        types("Currency: str(EUR/USD/GBP)?", "Currency: str(EUR/USD/GBP)"),
        "attribute-required major Price.currency",
    ),
    edit(
        "nested member now optional in what is sent",
        types("{Amount: int,", "{Amount: int?,"),
        "attribute-required minor Price.amount",
    ),
    edit(
        "nested member now optional in what is read",
        types("@type Part {Id: str", "@type Part {Id: str?"),
        "attribute-required major Part.id",
        "attribute-required minor Part.id",
    ),
    edit("nested member of another type", types("Size: int?", "Size: str?"), "attribute-type major Item.size"),
    edit("nested value no longer taken", types("(EUR/USD/GBP)", "(EUR/USD)"), "enum major Price.currency", seen=False),
    edit(
        "nested wire name",
        bound("errors:\n  NotFound:", "shapes: {Part: {Note: {name: note}}}\nerrors:\n  NotFound:"),
        "wire major Part.note",
        seen=False,
    ),
    edit(
        "structure renamed",
        types("[Part]", "[Piece]"),
        types("@type Part ", "@type Piece "),
        "class-removed major Part",
        "class-added minor Piece",
        "attribute-type major Item.parts",
        notes=("perhaps renamed to Piece", "perhaps Part under a new name"),
    ),
    edit(
        "structure a union",
        bound("errors:\n  NotFound:", "shapes: {Part: {union: true}}\nerrors:\n  NotFound:"),
        types("@type Part {Id: str,", "@type Part {Id: str?,"),
        "union major Part",
        "attribute-required minor Part.id",
        "attribute-required major Part.id",
    ),
    # Errors.
    edit(
        "error removed",
        bound("  Gone: {status: 410}\n", ""),
        bound("[NotFound, Gone]", "[NotFound]"),
        "error-removed major Gone",
        "operation-errors patch get_item()",
    ),
    edit(
        "error added",
        bound("  Gone: {status: 410}\n", "  Gone: {status: 410}\n  Busy: {status: 503}\n"),
        bound("[NotFound, Gone]", "[NotFound, Gone, Busy]"),
        "error-added minor Busy",
        "operation-errors minor get_item()",
    ),
    edit(
        "second error of one status",
        bound("  Gone: {status: 410}\n", "  Gone: {status: 410}\n  Lost: {status: 404}\n"),
        "error-added minor Lost",
    ),
    edit(
        "error renamed",
        bound("  Gone: {status: 410}\n", "  WentAway: {status: 410, code: Gone}\n"),
        bound("[NotFound, Gone]", "[NotFound, WentAway]"),
        types("@type Gone ", "@type WentAway "),
        "error-removed major Gone",
        "error-added minor WentAway",
        "operation-errors minor get_item()",
        "operation-errors patch get_item()",
        notes=("perhaps renamed to WentAway", "perhaps Gone under a new name"),
    ),
    edit("error code", bound("{status: 410}", "{status: 410, code: ItemGone}"), "error-code minor Gone"),
    edit("error status", bound("{status: 410}", "{status: 400}"), "wire patch Gone"),
    edit("error retried", bound("{status: 410}", "{status: 410, retry: throttle}"), "error-retry minor Gone"),
    edit("error member removed", types(", Resource: str?", ""), "attribute-removed major NotFound.resource"),
    edit(
        "error member added",
        types("Resource: str?", "Resource: str?, Kind: str?"),
        "attribute-added minor NotFound.kind",
    ),
    edit(
        "error documented otherwise", bound("There is no such item.", "No such item."), "documentation patch NotFound"
    ),
    edit(
        "operation lists another error",
        bound("    errors: [NotFound]\n", "    errors: [NotFound, Gone]\n"),
        "operation-errors minor put_item()",
    ),
    # Events.
    edit(
        "event added",
        spec("closed: Closed?{Why: str?}", "closed: Closed?{Why: str?}, open: Open?{Since: str?}"),
        "event-added minor ShopEventsEvent",
        "class-added minor Open",
    ),
    edit(
        "event removed",
        spec("closed: Closed?{Why: str?}, ", ""),
        "event-removed major ShopEventsEvent",
        "class-removed major Closed",
    ),
    edit(
        "event member removed", spec("{Who: str, At: str(timestamp)?}", "{Who: str}"), "attribute-removed major Sold.at"
    ),
    edit("event member added", spec("{Who: str, At", "{Who: str, What: str?, At"), "attribute-added minor Sold.what"),
    edit("event member of another type", spec("{Who: str, At", "{Who: int, At"), "attribute-type major Sold.who"),
    edit("event called otherwise on the wire", spec("sold: Sold?", "sale: Sold?"), "wire patch ShopEventsEvent"),
    edit(
        "stream may end otherwise",
        spec(", refused: Refused?{Why: str?}", ""),
        "operation-errors patch ShopEventsEvent",
        "attribute-removed major Refused.why",
    ),
    edit(
        "no stream any more",
        bound("Events: {in: events}, ", ""),
        spec(
            EVENTS,
            "",
        ),
        "stream major watch()",
        "class-removed major Sold",
        "class-removed major Closed",
        "export-removed major EventStream",
        "export-removed major AsyncEventStream",
        "export-removed major ServerSentEvent",
        "export-removed major UnknownEvent",
        "attribute-removed major Refused.why",
    ),
    # Pages and waiters.
    edit(
        "no pages",
        bound("    pages: {in: [Token], out: [Next], items: [Kinds], limit: Limit}\n", ""),
        "pages major paginate_get_item()",
        "export-removed major Pages",
        "export-removed major AsyncPages",
    ),
    edit("pages of other items", bound("items: [Kinds]", "items: []"), "pages major paginate_get_item()"),
    edit("pages without limit", bound(", limit: Limit", ""), "pages patch paginate_get_item()"),
    edit(
        "no waiter",
        bound(
            "waiters:\n  ItemReady: {operation: GetItem, delay: 5, attempts: 10, accept: [{path: State, is: old}]}\n",
            "",
        ),
        "waiter major wait_until_item_ready()",
        "export-removed major WaiterError",
        "export-removed major WaiterFailed",
        "export-removed major WaiterTimeout",
    ),
    edit("waiter more patient", bound("attempts: 10", "attempts: 20"), "waiter minor wait_until_item_ready()"),
    edit("waiter for another state", bound("is: old", "is: new"), "waiter minor wait_until_item_ready()"),
    # The service.
    edit(
        "client renamed",
        bound("class: Shop", "class: Store"),
        "client-renamed major Shop",
        "client-renamed major ShopError",
    ),
    edit("service id", bound("id: Shop", "id: Shop Two"), "service-id major Shop", seen=False),
    edit("version", spec("@version 2020-01-01", "@version 2021-01-01"), "version patch Shop"),
    edit("host", bound('"shop.{region}', '"shops.{region}'), "endpoint minor Shop"),
    edit("no FIPS host", bound('  fips: "shop-fips.{region}.{dnsSuffix}"\n', ""), "endpoint major Shop", seen=False),
    edit(
        "dual-stack host",
        bound("operations:\n", '  dualstack: "shop.{region}.{dualStackDnsSuffix}"\noperations:\n'),
        "endpoint minor Shop",
    ),
    edit(
        "base instead of hosts",
        bound('endpoint:\n  host: "shop.{region}.{dnsSuffix}"\n  fips: "shop-fips.{region}.{dnsSuffix}"\n', ""),
        spec("@auth", "@base https://shop.example\n@auth"),
        "endpoint major Shop",
        "endpoint minor Shop",
        seen=False,
    ),
    edit(
        "no endpoint",
        bound('endpoint:\n  host: "shop.{region}.{dnsSuffix}"\n  fips: "shop-fips.{region}.{dnsSuffix}"\n', ""),
        "endpoint major Shop",
        seen=False,
    ),
    edit("signing name", bound("signing: shop", "signing: store"), "auth minor Shop"),
    edit("not signed", spec("@auth AWS SigV4\n", ""), bound(", signing: shop", ""), "auth minor Shop"),
    edit("read timeout", bound("signing: shop", "signing: shop, read_timeout: 5"), "timeout minor Shop"),
    edit("fixed header", bound("signing: shop", "signing: shop, headers: {x-shop: a}"), "wire patch Shop"),
    edit("name", spec("@api Shop", "@api The Shop"), "documentation patch Shop"),
)
