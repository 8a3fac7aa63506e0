"""XML as services send it, and as nobody should: read into structures, or refused with a place."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runtime.codec.rest_xml import XMLBodies, XMLMembers
from runtime.codec.xml import parse
from runtime.codec.xml_names import Xml
from runtime.errors import InvalidInput, InvalidResponse, ServiceError
from runtime.message.http import Headers, Response
from runtime.shapes.structures import EPOCH, Output, Structure, Union

BOMB = """<!DOCTYPE lolz [
<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">]><lolz>&g;</lolz>"""
PROLOGS = ("", "\n", "<!-- <a> -->", "<?note <!DOCTYPE?>", "<!-- a --> <?b?>\t<!-- c -->\r\n")


class Item(Structure, kw_only=True):
    """An item."""

    name: str | None = msgspec.field(name="Name", default=None)
    size: int | None = msgspec.field(name="Size", default=None)
    at: Annotated[datetime, EPOCH] | None = msgspec.field(name="At", default=None)
    inner: Item | None = msgspec.field(name="Inner", default=None)


class Choice(Union, kw_only=True):
    """A choice."""

    one: str | None = msgspec.field(name="One", default=None)


class Answer(Output, kw_only=True):
    """Everything."""

    text: str | None = msgspec.field(name="Text", default=None)
    on: bool | None = msgspec.field(name="On", default=None)
    ratio: float | None = msgspec.field(name="Ratio", default=None)
    data: bytes | None = msgspec.field(name="Data", default=None)
    items: list[Item] | None = msgspec.field(name="Items", default=None)
    flat: list[str] | None = msgspec.field(name="Flat", default=None)
    tags: dict[str, int] | None = msgspec.field(name="Tags", default=None)
    flat_tags: dict[str, Item] | None = msgspec.field(name="FlatTags", default=None)
    kind: str | None = msgspec.field(name="Kind", default=None)
    choice: Choice | None = msgspec.field(name="Choice", default=None)


NAMES: Any = {
    "Answer": {
        "Flat": Xml(flat=True, item=Xml("flatItem")),
        "Tags": Xml("tagSet", key=Xml("k"), value=Xml("v")),
        "FlatTags": Xml(flat=True),
        "Kind": Xml("xsi:type", attribute=True),
    }
}
BODIES = XMLBodies(NAMES)


def read(body: str | bytes, content_type: str = "text/xml") -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return BODIES.decode_body(Response(200, Headers([("Content-Type", content_type)]), data), Answer)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("prolog", PROLOGS)
def test_a_document_type_is_refused_in_every_encoding(encoding: str, prolog: str) -> None:
    with pytest.raises(ValueError, match="XML with a DOCTYPE is rejected"):
        parse((prolog + BOMB).encode(encoding))
    external = f'{prolog}<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'
    with pytest.raises(ValueError, match="XML with a DOCTYPE is rejected"):
        parse(external.encode(encoding))


@pytest.mark.parametrize("declared", ["UTF-16", "ISO-8859-1", "cp037", "utf-7"])
def test_what_a_document_says_of_its_encoding_opens_no_door(declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>'
    assert parse(f"{head}<a>é</a>".encode()).text == "é"
    for encoding in ("utf-8", "cp037", "utf-7"):
        with pytest.raises(ValueError, match=r"DOCTYPE|not well-formed"):
            parse(head.encode() + BOMB.encode(encoding))


@pytest.mark.parametrize("prolog", PROLOGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_stands_before_the_root_is_passed_over(encoding: str, prolog: str) -> None:
    text = f"{prolog}<a><![CDATA[<!DOCTYPE b>]]></a>"
    assert parse(text.encode(encoding)).text == "<!DOCTYPE b>"


@given(st.binary(max_size=60) | st.text("<>!?-DOCTYPE[]a /&;\n\0", max_size=60).map(str.encode))
def test_nothing_else_than_an_element_or_a_value_error_comes_out(body: bytes) -> None:
    try:
        parse(body)
    except ValueError:
        pass


def test_everything_is_read() -> None:
    answer = read(
        '<?xml version="1.0"?><r:Root xmlns:r="urn:x" xmlns:xsi="urn:y" xsi:type="Kind A">\n'
        "  <Text> a &amp; <!-- b -->&#x263a;<![CDATA[<c>]]> </Text><On>true</On><Ratio>NaN</Ratio><Data>AAE=</Data>"
        "<Items><member><Name/><At>2024-01-02T03:04:05.123456789</At></member><any><Size>7</Size><x><y/></x></any></Items>"
        "<flatItem>1</flatItem><Unknown/><flatItem>2</flatItem><tagSet><entry><v>1</v><k>a</k></entry></tagSet>"
        "<FlatTags><key>x</key><value><Inner><Name>deep</Name></Inner></value></FlatTags></r:Root>"
    )
    assert answer.text == " a & ☺<c> "
    assert (answer.on, answer.data, answer.kind) == (True, b"\0\1", "Kind A")
    assert answer.ratio is not None
    assert answer.ratio != answer.ratio
    assert answer.items == [Item(name="", at=datetime(2024, 1, 2, 3, 4, 5, 123456, UTC)), Item(size=7)]
    assert (answer.flat, answer.tags) == (["1", "2"], {"a": 1})
    assert answer.flat_tags == {"x": Item(inner=Item(name="deep"))}


def test_an_empty_element_is_not_an_absent_one() -> None:
    answer = read("<R><Text/><On/><Ratio> </Ratio><Data/><Items/><Tags/><tagSet/></R>")
    assert (answer.text, answer.on, answer.ratio, answer.data) == ("", None, None, b"")
    assert (answer.items, answer.tags, answer.flat) == ([], {}, None)
    assert read("") == Answer()


def test_an_unknown_member_of_a_union_is_told() -> None:
    choice = read("<R><Choice><Two>2</Two></Choice></R>").choice
    assert choice is not None
    assert choice.one is None
    assert choice.unknown_member is not None
    assert choice.unknown_member.name == "Two"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<R><Items><m/><m><Size>x</Size></m></Items></R>", "at `$.Items[1].Size`"),
        ("<R><FlatTags><key>a</key><value><At>never</At></value></FlatTags></R>", "at `$.FlatTags['a'].At`"),
        ("<R><tagSet><e><k>a</k><v>b</v></e></tagSet></R>", "at `$.Tags['a']`"),
        ("<R>\n<Text>\n</R>", "line 3"),
        ("upstream connect error", "line 1"),
    ],
)
def test_what_cannot_be_read_has_a_place(body: str, said: str) -> None:
    with pytest.raises(InvalidResponse) as caught:
        read(body)
    assert said in str(caught.value)


def test_depth_ends_in_an_error_and_not_in_a_crash() -> None:
    with pytest.raises(InvalidResponse, match="nested too deeply"):
        read("<R><Items><m>" + "<Inner>" * 20_000 + "</Inner>" * 20_000 + "</m></Items></R>")


def test_what_a_service_sent_is_not_shown_but_a_page_is() -> None:
    with pytest.raises(InvalidResponse) as caught:
        read("<R><Text>hush</Text><Ratio>x</Ratio></R>")
    assert "hush" not in str(caught.value)
    with pytest.raises(InvalidResponse, match="maintenance"):
        read("<html><p>maintenance</html>", "text/html")
    for page in ("<html><p>maintenance</p></html>", "<HTML xmlns='u'><p>maintenance</p></HTML>"):
        with pytest.raises(InvalidResponse, match="maintenance"):
            read(page, "text/html")


TOLD = "<Code>A</Code><Message>m</Message>"


@pytest.mark.parametrize(
    ("body", "code", "message", "request_id"),
    [
        (f"<ErrorResponse xmlns='u'><Error>{TOLD}</Error><RequestId>1</RequestId></ErrorResponse>", "A", "m", "1"),
        (f"<Response><Errors><Error>{TOLD}</Error></Errors><RequestID>1</RequestID></Response>", "A", "m", "1"),
        (f"<Error>{TOLD}<RequestId>1</RequestId></Error>", "A", "m", "1"),
        ("", "HTTP404", "", None),
    ],
)
def test_errors_of_all_forms(body: str, code: str, message: str, request_id: str | None) -> None:
    error = BODIES.parse_error(Response(404, Headers(), body.encode()), {}, ServiceError)
    assert (error.code, error.message, error.request_id) == (code, message, request_id)


def test_a_page_is_the_message_of_an_error() -> None:
    response = Response(502, Headers([("Content-Type", "text/html")]), b"<html>Bad <b>gateway</html>")
    error = BODIES.parse_error(response, {}, ServiceError)
    assert error.code == "HTTP502"
    assert "(text/html): '<html>Bad <b>gateway</html>'" in error.message


MEMBERS = XMLMembers(
    {"A": str, "B": list[Item], "C": dict[str, str], "D": list[str], "Kind": str},
    Xml("Root", namespace=("", "urn:a&b")),
    {
        "B": Xml("Bs", item=Xml("B", namespace=("p", "urn:p"))),
        "D": Xml(flat=True, item=Xml("Ignored")),
        "Kind": Xml("xsi:type", attribute=True),
    },
)


def test_a_body_is_written_in_the_models_order() -> None:
    given = {"D": ["1", "2"], "C": {"k<": "v"}, "B": [{"Size": 1, "Name": "n"}], "A": "a\r\n&\u2028", "Kind": 'q"\t'}
    assert BODIES.encode_body(MEMBERS, given).decode() == (
        '<Root xmlns="urn:a&amp;b" xsi:type="q&quot;&#9;"><A>a&#xD;&#xA;&amp;&#x2028;</A>'
        '<Bs><B xmlns:p="urn:p"><Name>n</Name><Size>1</Size></B></Bs>'
        "<C><entry><key>k&lt;</key><value>v</value></entry></C><D>1</D><D>2</D></Root>"
    )
    assert BODIES.encode_body(MEMBERS, {"A": None}) == b""


@pytest.mark.parametrize("text", ["\0", "\x1b[0m", "\ud800", "\ufffe"])
def test_what_xml_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^A has the character U\+[0-9A-F]{4}, which XML cannot hold$"):
        BODIES.encode_body(MEMBERS, {"A": text})


@given(st.text(max_size=20))
def test_text_survives_a_round_trip(text: str) -> None:
    try:
        body = BODIES.encode_payload(Answer, Answer(text=text, kind=text))
    except InvalidInput:
        return
    found = read(body.replace(b"<Answer ", b'<Answer xmlns:xsi="urn:x" '))
    assert (found.text, found.kind) == (text, text)
