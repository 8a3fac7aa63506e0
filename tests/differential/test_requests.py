"""What generated clients send is what botocore sends: method, host, path, query, headers and body."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.model import OperationModel
from corpus.services import Target
from differential.conftest import Pair
from differential.depth import Depths
from differential.each import TARGETS, each
from differential.inputs import arguments
from differential.wire import compare_requests
from hypothesis import strategies as st


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_requests_are_botocores(pair: Callable[[Target], Pair], target: Target) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        given = data.draw(arguments(operation, depths, full=data.draw(st.booleans()), wrong=True))
        typed = data.draw(st.booleans())
        compare_requests(subject, oracle, operation, given, typed=typed)

    assert each(oracle.operations(), check) > 0
