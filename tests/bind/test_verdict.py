"""What makes an endpoint an operation, by all that is said of the two, and what does not."""

from __future__ import annotations

import pytest
from lapsmith.bind.matching.evidence import Signature
from lapsmith.bind.matching.verdict import Ground, ground, is_denied

TYPES = {"Tags": "[str]", "Kind": "Kind", "Boxes": "[Box]", "Crates": "[Crate]"}
MISSING, BUSY = "BoxMissing", "BoxBusy"


def look(
    takes: str, gives: str = "", *, name: str = "", said: str = "", errors: str = "", required: str | None = None
) -> Signature:
    """A signature; members are words, of which those with a question mark are optional."""
    words = [word.rstrip("?") for word in takes.split()]
    needed = frozenset(word for word in takes.split() if not word.endswith("?"))
    return Signature(
        inputs={word: TYPES.get(word, "str") for word in words},
        required=needed if required is None else frozenset(required.split()),
        outputs={word: TYPES.get(word, "str") for word in gives.split()},
        errors=frozenset(errors.split()),
        description=said,
        name=name,
    )


MEMBERS, DESCRIPTION = Ground.MEMBERS, Ground.DESCRIPTION


@pytest.mark.parametrize(
    ("endpoint", "operation", "expected"),
    [
        # Without prose, deleting is what is mostly done with one thing, if it is the thing of the operation's name.
        (look("BoxId"), look("BoxId", name="DeleteBox"), MEMBERS),
        (look("BoxId"), look("BoxId", name="StopBox"), None),
        (look("BoxId", errors=MISSING), look("BoxId", name="DeleteBox"), None),
        (look("ShelfId"), look("ShelfId", name="DeleteBox"), None),
        (look("BoxId ClientToken?"), look("BoxId ClientToken?", name="SealBox"), None),
        (look("BoxId Reason?"), look("BoxId", name="DeleteBox"), None),
        (look("BoxId ShelfId"), look("BoxId ShelfId", name="MoveBox"), MEMBERS),
        (look("BoxId ShelfId Slot?"), look("BoxId ShelfId", name="DeleteBoxFromShelf"), None),
        # An answer tells more.
        (look("BoxId", "Kind"), look("BoxId", "Kind", name="GetBox"), MEMBERS),
        (look("BoxId", "Kind Tags"), look("BoxId", "Kind", name="GetBox"), MEMBERS),
        (look("BoxId Full?", "BoxId"), look("BoxId", "BoxId", name="DeleteBox"), None),
        (look("BoxId"), look("BoxId", "Kind", name="GetBox"), None),
        (look("Next?", "Boxes Next"), look("Next?", "Crates Next", name="ListCrates"), None),
        (look("Next?", "Boxes"), look("Next?", "Boxes", name="ListBoxes", errors=MISSING), None),
        (look("Next?", "Boxes", errors=BUSY), look("Next?", "Boxes", name="ListBoxes"), None),
        (look("Next?", "Boxes", errors=f"{MISSING} {BUSY}"), look("Next?", "Boxes", name="X", errors=BUSY), MEMBERS),
        # Prose decides where there is some.
        (look("BoxId", said="Stops it."), look("BoxId", name="StopBox", said="Stops it."), DESCRIPTION),
        (look("BoxId", said="Stops a box."), look("BoxId", name="StopBox", said="Halts a box."), MEMBERS),
        (look("BoxId", said="Starts a box."), look("BoxId", name="StopBox", said="Stops a box."), None),
        (
            look("BoxId", said="Deletes the label of a box."),
            look("BoxId", name="DeleteBox", said="Deletes a box."),
            None,
        ),
        (
            look("BoxId Slot?", said="Deletes a box.", errors=BUSY),
            look("BoxId", name="DeleteBox", said="Deletes a box, for good.", errors=BUSY),
            MEMBERS,
        ),
        (
            look("BoxId Slot?", said="Puts a box there."),
            look("BoxId", name="PutBox", said="Sets a box.", errors=BUSY),
            None,
        ),
        # The same prose is not enough where both sides have members of their own.
        (
            look("View Next?", "Boxes", said="Lists all runs."),
            look("Next?", "Crates", name="ListRuns", said="Lists all runs."),
            None,
        ),
    ],
)
def test_ground(endpoint: Signature, operation: Signature, expected: Ground | None) -> None:
    assert ground(endpoint, operation) is expected


def test_what_order_cannot_make_up_for() -> None:
    delete = look("BoxId", name="DeleteBox", said="Deletes a box.")
    assert not is_denied(look("BoxId"), delete)
    assert is_denied(look("BoxId", said="Updates a box."), delete)
    assert is_denied(look("BoxId Reason?"), delete)
    assert is_denied(look("BoxId", "Kind"), delete)
    listing = look("Next?", "Boxes", name="ListBoxes")
    assert is_denied(look("Next?", "Crates"), listing)
