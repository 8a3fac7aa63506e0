"""What generated clients read is what botocore reads: in responses of the model, and in those of a careless service."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from botocore.exceptions import BotoCoreError
from botocore.model import OperationModel
from corpus import services
from corpus.services import Target
from differential import compare
from differential.answers import answer, error, stray
from differential.conftest import Pair
from differential.depth import Depths
from differential.each import each_operation
from differential.inputs import arguments
from hypothesis import assume
from hypothesis import strategies as st

READ_BY_BOTH = ["well-formed", "ill-formed"]


@pytest.mark.parametrize("form", READ_BY_BOTH)
@pytest.mark.parametrize("target", services.read(), ids=str)
def test_outputs_are_botocores(pair: Callable[[Target], Pair], target: Target, form: str) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        given = data.draw(arguments(operation, depths, full=False))
        response = data.draw(answer(operation, depths, oracle.protocol, ill=form == "ill-formed"))
        try:
            _, expected = oracle.call(operation, given, response)
        except BotoCoreError:
            assume(False)
        except (TypeError, AttributeError):
            # botocore stumbles over the null: ours may read it or refuse it, but not stumble.
            assert form == "ill-formed"
            with contextlib.suppress(subject.package.InvalidResponse):
                subject.call(operation, given, response, typed=False)
            return
        _, output = subject.call(operation, given, response, typed=False)
        if operation.output_shape is not None:
            names = subject.names.outputs[operation.name]
            compare.members(operation.output_shape, names, output, expected, operation.name)

    readable = [operation for operation in oracle.operations() if not operation.has_event_stream_output]
    assert each_operation(readable, check) > 0 or not readable


@pytest.mark.parametrize("form", READ_BY_BOTH)
@pytest.mark.parametrize("target", services.read(), ids=str)
def test_errors_are_botocores(pair: Callable[[Target], Pair], target: Target, form: str) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        given = data.draw(arguments(operation, depths, full=False))
        shape = data.draw(st.sampled_from(operation.error_shapes))
        response = data.draw(error(shape, depths, oracle.protocol, ill=form == "ill-formed"))
        try:
            _, expected = oracle.call(operation, given, response)
        except BotoCoreError:
            assume(False)
        _, raised = subject.call(operation, given, response, typed=False)
        compare.errors(shape, subject, raised, expected)

    failing = [operation for operation in oracle.operations() if operation.error_shapes]
    assert each_operation(failing, check) > 0 or not failing


@pytest.mark.parametrize("target", services.read(), ids=str)
def test_unknown_errors_are_botocores(pair: Callable[[Target], Pair], target: Target) -> None:
    subject, oracle = pair(target)
    depths = Depths()

    def check(operation: OperationModel, data: st.DataObject) -> None:
        given = data.draw(arguments(operation, depths, full=False))
        response = data.draw(stray(oracle.protocol))
        try:
            _, expected = oracle.call(operation, given, response)
        except BotoCoreError:
            assume(False)
        except (TypeError, AttributeError):
            expected = None
        _, raised = subject.call(operation, given, response, typed=False)
        assert isinstance(raised, subject.package.ServiceError)
        assert raised.status == response.status
        if expected is not None:
            compare.unmodelled(subject, raised, expected)

    (first, *_) = [operation for operation in oracle.operations() if not operation.has_event_stream_output]
    assert each_operation([first], check) > 0
