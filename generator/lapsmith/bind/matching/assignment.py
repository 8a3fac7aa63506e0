"""The cheapest assignment of endpoints to operations, and how much dearer the next one is that differs.

Shortest augmenting paths with potentials (Jonker and Volgenant, 1987), over sparse costs. An endpoint may stay without
operation, at a price of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

Costs = Mapping[int, Mapping[int, float]]
# An operation, or a place of its own for an endpoint (as a negative number) that stays without.
_Column = int


@dataclass(frozen=True, slots=True)
class Assigned:
    """What an endpoint got, and by how much every assignment that gives it something else is dearer."""

    operation: int
    margin: float


def assign(costs: Costs, alone: Mapping[int, float]) -> dict[int, Assigned]:
    """Assign rows (endpoints) to columns (operations).

    ``alone`` has the price of leaving a row without; rows that are better left so are not in the result.
    """
    solver = _Solver(costs, alone)
    for row in costs:
        solver.place(row)
    return {row: Assigned(column, solver.margin(row)) for row, column in solver.given.items() if column >= 0}


@dataclass(slots=True)
class _Solver:
    costs: Costs
    alone: Mapping[int, float]
    given: dict[int, _Column] = field(default_factory=dict)
    owner: dict[_Column, int] = field(default_factory=dict)
    # Potentials: an edge's cost less both of them is never negative, and 0 where it is assigned.
    rows: dict[int, float] = field(default_factory=dict)
    columns: dict[_Column, float] = field(default_factory=dict)

    def edges(self, row: int) -> Iterator[tuple[_Column, float]]:
        yield from self.costs[row].items()
        yield -1 - row, self.alone[row]

    def price(self, column: _Column) -> float:
        return self.columns.get(column, 0.0)

    def place(self, row: int) -> None:
        """Assign one more row, moving others where that is cheaper."""
        self.rows[row] = min(cost - self.price(column) for column, cost in self.edges(row))
        search = _Search(self, row)
        while (column := search.step()) in self.owner:
            search.leave(self.owner[column])
        for passed, distance in search.reached.items():
            if passed in self.owner:
                self.rows[self.owner[passed]] += search.length - distance
                self.columns[passed] = self.price(passed) - (search.length - distance)
        self.rows[row] += search.length
        while (mover := search.before[column]) != row:
            left = self.given[mover]
            self.given[mover], self.owner[column] = column, mover
            column = left
        self.given[row], self.owner[column] = column, row

    def margin(self, row: int) -> float:
        """By how much the cheapest assignment is dearer in which the row does not have what it has.

        That is a cycle in the residual graph: the row moves, others move on, until a column is taken that was free;
        then some column can be left (at its price), and its row moves, until one takes the first row's column or that
        is left.
        """
        own = self.given[row]
        search = _Search(self, row, own)
        while (column := search.step()) != own:
            if column in self.owner:
                search.leave(self.owner[column])
            elif not search.open:
                search.open = True
                for other in self.owner:
                    search.push(search.length - self.price(other), other, row)
        return search.length


class _Search:
    """Dijkstra from a row over reduced costs; ``barred`` is an edge of that row that may not be used."""

    def __init__(self, solver: _Solver, row: int, barred: _Column | None = None) -> None:
        self._solver = solver
        self._row, self._barred = row, barred
        self._heap: list[tuple[float, _Column, int]] = []
        self.length = 0.0
        self.open = False
        self.reached: dict[_Column, float] = {}
        self.before: dict[_Column, int] = {}
        self.leave(row)

    def leave(self, row: int) -> None:
        """Look at every column that ``row`` can move to."""
        for column, cost in self._solver.edges(row):
            if row != self._row or column != self._barred:
                self.push(
                    self.length + max(cost - self._solver.rows[row] - self._solver.price(column), 0.0), column, row
                )

    def push(self, length: float, column: _Column, row: int) -> None:
        if column not in self.reached:
            heapq.heappush(self._heap, (length, column, row))

    def step(self) -> _Column:
        """Reach the nearest column that was not reached yet."""
        while True:
            length, column, row = heapq.heappop(self._heap)
            if column not in self.reached:
                self.length = self.reached[column] = length
                self.before[column] = row
                return column
