"""Smithy models written for tests: small, and with every trait that the reader knows."""

from __future__ import annotations

from typing import Any

NAMESPACE = "example.shop"
Json = dict[str, Any]


def target(name: str, **traits: Any) -> Json:
    """A member, or a reference, to a shape of the prelude (capitalised) or of the model (with a #)."""
    identity = f"{NAMESPACE}{name}" if name.startswith("#") else f"smithy.api#{name}"
    said = {_trait(key): value for key, value in traits.items()}
    return {"target": identity, **({"traits": said} if said else {})}


def _trait(name: str) -> str:
    return name.replace("__", "#").replace("_dot_", ".") if "__" in name else f"smithy.api#{name}"


def shape(kind: str, members: Json | None = None, **traits: Any) -> Json:
    """A shape of the model."""
    said = {_trait(key): value for key, value in traits.items()}
    return {"type": kind, **({"members": members} if members is not None else {}), "traits": said}


def model(shapes: Json, *, protocol: str = "aws.protocols#restJson1", **service: Any) -> Json:
    """A whole model; ``service`` are the traits of its service, and ``shapes`` go by their names."""
    operations = [{"target": f"{NAMESPACE}#{name}"} for name, item in shapes.items() if item["type"] == "operation"]
    traits = {
        "aws.api#service": {"sdkId": "Shop", "endpointPrefix": "shop", "arnNamespace": "shop"},
        "aws.auth#sigv4": {"name": "shop"},
        protocol: {},
        "smithy.api#title": "Amazon Shop",
        **{_trait(key): value for key, value in service.items()},
    }
    described = {"type": "service", "version": "2026-01-02", "operations": operations, "traits": traits}
    return {
        "smithy": "2.0",
        "shapes": {f"{NAMESPACE}#{name}": item for name, item in {"Shop_20260102": described, **shapes}.items()},
    }


def operation(
    given: str | None = None, returned: str | None = None, errors: tuple[str, ...] = (), **traits: Any
) -> Json:
    """An operation between shapes of the model."""
    found: Json = {"type": "operation", "traits": {_trait(key): value for key, value in traits.items()}}
    found["input"] = target(f"#{given}" if given else "Unit")
    found["output"] = target(f"#{returned}" if returned else "Unit")
    if errors:
        found["errors"] = [target(f"#{name}") for name in errors]
    return found


SHOP = model(
    {
        "GetItem": operation(
            "GetItemInput",
            "GetItemOutput",
            ("NoSuchItem",),
            http={"method": "GET", "uri": "/items/{Id}", "code": 200},
            readonly={},
            documentation="<p>Gets an item.</p>",
        ),
        "PutItem": operation(
            "PutItemInput",
            None,
            ("NoSuchItem", "Busy"),
            http={"method": "PUT", "uri": "/items/{Id}", "code": 201},
            idempotent={},
        ),
        "Watch": operation("WatchInput", "WatchOutput", http={"method": "POST", "uri": "/watch"}),
        "ListItems": operation(
            "ListItemsInput",
            "ListItemsOutput",
            http={"method": "GET", "uri": "/items"},
            paginated={"inputToken": "Token", "outputToken": "NextToken", "items": "Items", "pageSize": "Limit"},
            smithy_dot_waiters__waitable={
                "ItemsExist": {
                    "minDelay": 5,
                    "acceptors": [
                        {
                            "state": "success",
                            "matcher": {
                                "output": {"path": "Items[].Kind", "expected": "good", "comparator": "allStringEquals"}
                            },
                        },
                        {"state": "retry", "matcher": {"errorType": f"{NAMESPACE}#Busy"}},
                        {"state": "failure", "matcher": {"success": False}},
                    ],
                }
            },
        ),
        "GetItemInput": shape(
            "structure",
            {
                "Id": target("String", httpLabel={}, required={}),
                "Since": target("Timestamp", httpQuery="since", timestampFormat="epoch-seconds"),
                "Trace": target("String", httpHeader="X-Trace"),
            },
            input={},
        ),
        "GetItemOutput": shape(
            "structure",
            {
                "ETag": target("String", httpHeader="ETag"),
                "Meta": target("#Strings", httpPrefixHeaders="x-meta-"),
                "Code": target("Integer", httpResponseCode={}),
                "Item": target("#Item", httpPayload={}),
            },
            output={},
        ),
        "PutItemInput": shape(
            "structure",
            {
                "Id": target("String", httpLabel={}, required={}),
                "Item": target("#Item", required={}, jsonName="item"),
                "Key": target("String", idempotencyToken={}),
                "Password": target("#Secret"),
            },
        ),
        "ListItemsInput": shape(
            "structure", {"Token": target("String", httpQuery="token"), "Limit": target("Integer", httpQuery="limit")}
        ),
        "ListItemsOutput": shape("structure", {"NextToken": target("String"), "Items": target("#Items")}),
        "WatchInput": shape("structure", {"Pattern": target("String")}),
        "WatchOutput": shape("structure", {"Events": target("#Events", httpPayload={})}),
        "Events": shape("union", {"Changed": target("#Changed"), "Busy": target("#Busy")}, streaming={}),
        "Changed": shape(
            "structure", {"Id": target("String", eventHeader={}), "Body": target("Blob", eventPayload={})}
        ),
        "Item": shape(
            "structure",
            {
                "Kind": target("#Kind"),
                "Choice": target("#Choice"),
                "Extra": target("Document"),
                "At": target("Timestamp"),
            },
        ),
        "Items": {"type": "list", "member": target("#Item"), "traits": {"smithy.api#sparse": {}}},
        "Strings": {"type": "map", "key": target("String"), "value": target("String")},
        "Kind": shape("enum", {"GOOD": target("Unit", enumValue="good"), "BAD": target("Unit", enumValue="bad")}),
        "Choice": shape("union", {"text": target("String"), "number": target("Long")}),
        "Secret": shape("string", sensitive={}),
        "NoSuchItem": shape("structure", {"Message": target("String")}, error="client", httpError=404),
        "Busy": shape(
            "structure", {"Message": target("String")}, error="server", httpError=503, retryable={"throttling": True}
        ),
    }
)
"""A service with REST bindings, events, pages and a waiter."""
