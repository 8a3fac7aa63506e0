"""Texts with known values: what editors and type checkers see of them, and that every other text goes through."""

from __future__ import annotations

import ast
import importlib
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from golden_cases import GOLDEN, generate, importable
from python.editor import Editor


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("clients")
    assert generate(GOLDEN / "known_values", folder / "known_values").code == 0
    with importable(folder):
        yield importlib.import_module("known_values")


def connect(package: ModuleType) -> tuple[Any, Any]:
    stub = importlib.import_module(f"{package.__name__}.testing").StubTransport()
    return package.Shelf(region="eu-west-1", credentials=package.Credentials("AKID", "secret"), transport=stub), stub


def test_what_is_not_known_is_sent_and_read(shelf: ModuleType) -> None:
    client, stub = connect(shelf)
    answer = {"Genres": [["Crime"], ["Steampunk"]], "ByGenre": {"Noir": {"Genre": "Pulp"}}, "Kind": "scroll"}
    stub.respond(json.dumps(answer).encode(), headers={"x-genre": "Haiku"})
    out = client.add_book(
        shelf="attic",
        genre="Saga",
        genres=["Epic"],
        by_genre={"Crime": ["it's"], "Ballad": ["new"]},
        by_shelf={"any": {"mark": 1}},
        book=shelf.Book(genre="Zine", limit={"Limerick": 2}),
    )
    assert (out.genre, out.genres, out.kind) == ("Haiku", [["Crime"], ["Steampunk"]], "scroll")
    assert out.by_genre == {"Noir": shelf.Book(genre="Pulp")}
    (sent,) = stub.requests
    assert sent.target == "/books/attic?Genre=Saga&Genres=Epic"
    assert json.loads(sent.body) == {
        "ByGenre": {"Crime": ["it's"], "Ballad": ["new"]},
        "ByShelf": {"any": {"mark": 1}},
        "Book": {"Genre": "Zine", "Limit": {"Limerick": 2}},
    }
    assert pickle.loads(pickle.dumps(out)) == out


def test_what_is_no_text_is_refused(shelf: ModuleType) -> None:
    client, _ = connect(shelf)
    with pytest.raises(shelf.InvalidInput, match="ByGenre"):
        client.add_book(shelf="a", genre="b", by_genre={"Crime": [1]})


def test_errors(shelf: ModuleType) -> None:
    client, stub = connect(shelf)
    stub.respond(b'{"__type": "OutOfPrint", "Reason": "novel"}', status=410)
    with pytest.raises(shelf.OutOfPrint) as caught:
        client.add_book(shelf="a", genre="b")
    assert caught.value.reason == "novel"


def test_names(shelf: ModuleType) -> None:
    assert shelf.Genre is shelf.Mark is shelf.Book_ is str
    assert shelf.Credentials is not shelf.types.Credentials is str
    assert not hasattr(shelf, "NeverUsed")
    assert {"Genre", "AddBookState", "Literal_", "Order"} < set(shelf.__all__)


MARKS = ["it's", 'a "b"', "\\n", "é", "1", "None", "'; import os #"]
GENRES = [
    *("Crime", "Poetry", "Travel", "History", "Science", "Nature", "Cooking", "Comics", "Drama", "Essays", "Fables"),
    *("Music", "Satire", "Sports"),
]
_USE = """
from typing import Literal, assert_type

from known_values import AddBookOutput, Book, Genre, OutOfPrint, Shelf


def use(client: Shelf, names: list[str], counts: dict[str, int]) -> None:
    client.add_book(shelf="top", genre="Crime", genres=names, by_shelf={"a": counts})
    out = client.add_book(shelf="novel", genre="x".upper(), by_genre={"Crime": ["1"], "Saga": names})
    assert_type(out, AddBookOutput)
    assert_type(out.genre, Genre)
    assert_type(out.by_genre, dict[Genre, Book] | None)
    text: str = out.genre
    names = [genre for many in out.genres or [] for genre in many]
    if out.genre == "Crime" or out.genre == "Saga":
        print(text)
    book = Book(genre="Saga", genres=names, limit=counts)
    counts = book.limit or {}
    book.genre = "Crime"
    known: Literal["Crime", "Poetry"] = "Poetry"
    book.genre = known
    both: Genre = "text" if names else known
    print(both, OutOfPrint("m").reason)
"""


@pytest.mark.slow
def test_type_checkers_take_known_texts_and_others(shelf: ModuleType, tmp_path: Path) -> None:
    folder = _beside(shelf, "use.py", _USE)
    for command in (
        [sys.executable, "-m", "mypy", "--strict", "--python-version", "3.11", "use.py"],
        [sys.executable, "-m", "pyright", "-p", str(folder), "--pythonpath", sys.executable],
    ):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def _beside(package: ModuleType, name: str, text: str) -> Path:
    """Write a module beside a package, for pyright to look at; return the folder."""
    assert package.__file__ is not None
    folder = Path(package.__file__).parents[1]
    (folder / name).write_text(text)
    settings = {"include": [name], "typeCheckingMode": "strict", "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    return folder


@pytest.mark.slow
def test_editors_complete_known_values(shelf: ModuleType) -> None:
    places = {
        'client.add_book(shelf="|", genre="x")': ["top", "low"],
        'client.add_book(shelf="x", genre="y", order="|")': ["down", "up"],
        'client.add_book(shelf="x", genre="y", by_shelf={"z": {"|": 1}})': MARKS,
        'client.add_book(shelf="x", genre="y", marks={"z": "|"})': MARKS,
        'book.genre == "|"': GENRES,
        'book.genre = "|"': GENRES,
    }
    preamble = "from known_values import Book, Shelf\n\n\ndef use(client: Shelf, book: Book) -> None:\n    "
    with Editor(_beside(shelf, "edited.py", "")) as editor:
        for code, values in places.items():
            found = editor.complete(preamble + code)
            assert [ast.literal_eval(each) for each in found] == values, code
