"""What descriptions say of an endpoint's being an operation. The texts are made up in the manner of AWS's."""

from __future__ import annotations

import pytest
from lapsmith.bind.matching.prose import Verdict, verdict


@pytest.mark.parametrize(
    ("endpoint", "operation", "name", "expected"),
    [
        ("Deletes a box.", "Deletes a box.", "DeleteBox", Verdict.SAME),
        ("Deletes a box.", "Deletes a box for good.", "DeleteBox", Verdict.AGREES),
        ("Removes a box.", "Deletes a box.", "DeleteBox", Verdict.AGREES),
        ("Creates or updates a box.", "Sets a box.", "PutBox", Verdict.AGREES),
        ("Retrieves the boxes of a shelf.", "Gets a list of boxes.", "ListBoxes", Verdict.AGREES),
        # Another verb.
        ("Updates a box.", "Deletes a box.", "DeleteBox", Verdict.CONFLICTS),
        ("Reboots a box.", "Deletes a box.", "DeleteBox", Verdict.CONFLICTS),
        ("Starts the sorting of boxes.", "Stops the sorting of boxes.", "StopSorting", Verdict.CONFLICTS),
        # Another thing, of which the operation's name and description speak.
        ("Deletes a box profile.", "Deletes a crate.", "DeleteCrate", Verdict.CONFLICTS),
        ("Gets information about one or more shelves.", "Gets one or more boxes.", "BatchGetBoxes", Verdict.CONFLICTS),
        # The same for all accounts.
        ("Lists boxes for an organization.", "Lists the boxes of your account.", "ListBoxes", Verdict.CONFLICTS),
        # Notices stand in front.
        (
            "Boxes will no longer be open to new customers. Deletes a box.",
            "Deletes a box.",
            "DeleteBox",
            Verdict.AGREES,
        ),
        ("A way to have a box taken away.", "Deletes a box.", "DeleteBox", Verdict.VAGUE),
        ("", "Deletes a box.", "DeleteBox", Verdict.SILENT),
        ("Deletes a box.", "", "DeleteBox", Verdict.SILENT),
    ],
)
def test_verdict(endpoint: str, operation: str, name: str, expected: Verdict) -> None:
    assert verdict(endpoint, operation, name).verdict is expected


def test_words_that_the_operation_does_not_have_are_counted() -> None:
    assert verdict("Lists all sealed wooden boxes.", "Lists all boxes.", "ListBoxes").foreign == 2
    assert verdict("Lists all boxes.", "Lists boxes.", "ListBoxes").foreign == 0


def test_a_description_that_is_cut_off_is_the_same() -> None:
    whole = "Deletes a box from the shelf that it stands on, with all that is in it and all labels that it has."
    assert verdict(whole[:70].rstrip() + "...", whole, "DeleteBox").verdict is Verdict.SAME
    assert verdict(whole[:20] + "...", whole, "DeleteBox").verdict is not Verdict.SAME
