"""The assignment and its margins against trying everything."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st
from lapsmith.bind.matching.assignment import Costs, assign

ALONE = 5.0
# Few different costs, so that there are ties; multiples of a half, so that sums are exact.
costs = st.dictionaries(
    st.integers(0, 4),
    st.dictionaries(st.integers(0, 5), st.integers(-4, 14).map(lambda n: n / 2), max_size=6),
    max_size=5,
)


def cheapest(costs: Costs, without: tuple[int, int] | None = None) -> float:
    """The price of the cheapest assignment, of those that do not have a certain pair."""

    def rest(rows: tuple[int, ...], used: frozenset[int]) -> float:
        if not rows:
            return 0.0
        row, *others = rows
        options = [ALONE + rest(tuple(others), used)]
        for column, cost in costs[row].items():
            if column not in used and (row, column) != without:
                options.append(cost + rest(tuple(others), used | {column}))
        return min(options)

    return rest(tuple(costs), frozenset())


@given(costs)
def test_it_is_the_cheapest_and_margins_are_exact(costs: Mapping[int, Mapping[int, float]]) -> None:
    found = assign(costs, dict.fromkeys(costs, ALONE))
    columns = [item.operation for item in found.values()]
    assert len(set(columns)) == len(columns)
    price = sum(costs[row][item.operation] for row, item in found.items()) + ALONE * (len(costs) - len(found))
    assert price == cheapest(costs)
    for row, item in found.items():
        assert item.margin == cheapest(costs, (row, item.operation)) - price


def test_twins_have_no_margin() -> None:
    twins = {0: {7: 0.0, 8: 0.0}, 1: {7: 0.0, 8: 0.0}}
    assert {item.margin for item in assign(twins, {0: ALONE, 1: ALONE}).values()} == {0.0}
