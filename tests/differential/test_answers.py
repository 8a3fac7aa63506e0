"""What generated clients read is what botocore reads: in responses of the model, and in those of a careless service."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import MissingDependencyException
from botocore.model import OperationModel
from botocore.parsers import ResponseParserError
from corpus.services import Target
from differential import compare
from differential.answers import answer, error, stray
from differential.conftest import Pair
from differential.depth import Depths
from differential.each import TARGETS, each
from differential.inputs import arguments
from differential.wire import is_changed
from hypothesis import strategies as st


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_outputs_are_botocores(pair: Callable[[Target], Pair], target: Target) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        ill = data.draw(st.booleans(), "ill-formed")
        given = data.draw(arguments(operation, depths))
        response = data.draw(answer(operation, depths, oracle.protocol, ill=ill))
        try:
            _, expected = oracle.call(operation, given, response)
        except MissingDependencyException:
            return  # A SigV4a signature, which neither of the two makes: test_requests sees both refuse.
        except (TypeError, AttributeError, ValueError, LookupError, ResponseParserError):
            # botocore stumbles over a null or an empty element: ours may read it or refuse it, but not stumble.
            assert ill
            with contextlib.suppress(subject.package.InvalidResponse):
                subject.finish(subject.call(operation, given, response, typed=False)[1])
            return
        _, output = subject.call(operation, given, response, typed=False)
        if operation.output_shape is not None:
            names = subject.names.outputs[operation.name]
            compare.members(operation.output_shape, names, output, expected, operation.name)
        subject.finish(output)

    operations = oracle.operations().items()
    whole = {name: op for name, op in operations if not op.has_event_stream_output and not is_changed(op)}
    assert each(whole, check) > 0 or not whole


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_errors_are_botocores(pair: Callable[[Target], Pair], target: Target) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(failure: tuple[OperationModel, Any], data: st.DataObject) -> None:
        operation, shape = failure
        given = data.draw(arguments(operation, depths))
        response = data.draw(error(shape, depths, oracle.protocol, ill=data.draw(st.booleans(), "ill-formed")))
        try:
            _, expected = oracle.call(operation, given, response)
        except MissingDependencyException:
            return  # A SigV4a signature, which neither of the two makes: test_requests sees both refuse.
        _, raised = subject.call(operation, given, response, typed=False)
        compare.errors(oracle.model, subject, raised, expected)

    # Each error once, at the first operation that has it.
    operations = [op for op in reversed(oracle.operations().values()) if not is_changed(op)]
    found = {shape.name: (op, shape) for op in operations for shape in op.error_shapes}
    assert each(found, check) > 0 or not found


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_unknown_errors_are_botocores(pair: Callable[[Target], Pair], target: Target) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        given = data.draw(arguments(operation, depths))
        response = data.draw(stray(oracle.protocol))
        try:
            _, expected = oracle.call(operation, given, response)
        except MissingDependencyException:
            return  # A SigV4a signature, which neither of the two makes: test_requests sees both refuse.
        except (TypeError, AttributeError, ResponseParserError):
            expected = None
        _, raised = subject.call(operation, given, response, typed=False)
        assert isinstance(raised, subject.package.ServiceError)
        assert raised.status == response.status
        if expected is not None:
            compare.unmodelled(subject, raised, expected)

    assert each(dict([next(iter(oracle.operations().items()))]), check) > 0
