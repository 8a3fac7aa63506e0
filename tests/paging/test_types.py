"""What type checkers say of code that uses pages and waiters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

_USE = """
from typing import assert_type

from paged_tables import AsyncPages, AsyncTables, Pages, Tables, WaiterError
from paged_tables.types import AttributeValue, DescribeTableOutput, Entry, ListTablesOutput, QueryOutput


def use(client: Tables) -> None:
    pages = client.paginate_list_tables(limit=3)
    assert_type(pages, Pages[ListTablesOutput, str])
    for page in pages:
        assert_type(page, ListTablesOutput)
    for name in pages.items():
        assert_type(name, str)
    for item in client.paginate_query(table_name="t", resume_token=pages.resume_token).items():
        assert_type(item, dict[str, AttributeValue])
    for entry in client.paginate_list_changes_().items():
        assert_type(entry, Entry)
    try:
        assert_type(client.wait_until_table_exists(table_name="t", delay_=1), DescribeTableOutput)
    except WaiterError as error:
        print(error.attempts, error.seconds)
    assert_type(client.wait_until_table_not_exists(table_name="t"), DescribeTableOutput | None)


async def use_async(client: AsyncTables) -> None:
    pages = client.paginate_query(table_name="t")
    assert_type(pages, AsyncPages[QueryOutput, dict[str, AttributeValue]])
    async for page in pages:
        assert_type(page, QueryOutput)
    async for name, value in client.paginate_paginate_list_changes().items():
        assert_type(name, str)
        assert_type(value, int)
    assert_type(await client.wait_until_replicas_active(table_name="t", max_attempts=3), DescribeTableOutput)
"""


@pytest.mark.slow
def test_pages_and_waiters_are_typed(tables: ModuleType) -> None:
    assert tables.__file__ is not None
    folder = Path(tables.__file__).parents[1]
    (folder / "use.py").write_text(_USE)
    modules = ("_async", "_paginators", "_sync", "_waiters", "_runtime/call/pages", "_runtime/call/waiters")
    checked = ["use.py", *(f"paged_tables/{module}.py" for module in modules)]
    settings = {"include": checked, "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    for checker in (
        ["mypy", "--strict", "--python-version", "3.11", "use.py"],
        ["pyright", "-p", str(folder), "--pythonpath", sys.executable],
    ):
        done = subprocess.run([sys.executable, "-m", *checker], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
