"""What a description says that an operation does, and whether that can be what an operation's name and text say.

AWS rewords descriptions and puts notices in front of them, but what is done and to what stays. So two descriptions are
compared by the verb and by the words that name things; all else says little.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

CUT = 60
"""A description that is cut off counts as the same from this many characters on."""

_WORD = re.compile(r"[A-Z]+(?![a-z])s?|[A-Z]?[a-z]+|\d+")
_OTHER_VERB = re.compile(r"([A-Z][a-z]*[a-rt-z])s (?:a|an|the|your|one|all|any|existing|multiple|specified|up) ")
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z])")
# Verbs that stand for each other in descriptions of one operation. A verb may stand in several lines.
_KINDS = tuple(
    frozenset(line.split())
    for line in (
        "get list describe return retrieve view show fetch search query display provide lookup look find read obtain"
        " enumerate preview check discover indicate estimate calculate poll receive scan select head batchget",
        "create add put register make generate define allocate provision issue request open insert upload save",
        "delete remove terminate deregister erase destroy purge delist unregister",
        "update modify change edit set alter replace configure put adjust rename overwrite specify reset upgrade apply",
        "start begin initiate launch run invoke execute resume restart submit send perform",
        "stop cancel end abort halt pause suspend terminate force expire shut",
        "associate attach link connect join bind add assign apply put set",
        "disassociate detach unlink disconnect leave remove delete unassign",
        "enable activate allow turn unlock start",
        "disable deactivate prevent block lock stop",
        "tag add assign apply attach associate",
        "untag remove delete detach",
        "accept approve confirm agree",
        "reject decline deny refuse",
        "import upload load",
        "export download copy",
        "grant share give add",
        "revoke withdraw remove",
        "test evaluate validate verify check simulate",
        "restore recover undelete copy",
    )
)
# Notices that stand in front of descriptions without ending in a full stop.
_NOTICE = re.compile(r"^This API works with the following fleet types: (?:(?:EC2|Anywhere|Container)(?:, | ))+")
_VERBS = frozenset().union(*_KINDS)
# Words that say nothing of what an operation is about.
_COMMON_WORDS = """
a account accounts all also amazon an and any api are arn array as associated at available aws based batch be been
by can could current currently data detail details existing following for from given has have id identifier
identifiers ids if in information into is it its list lists more multiple name names new no not number of on one
only operation optional or other over paginated particular per region regions request resource resources returned
service services set single specific specified such summary that the their them then these this those through to up
use used user uses using value values was web when where which will with within you your
"""
_COMMON = frozenset(_COMMON_WORDS.split())

# What widens or narrows what an operation is about: AWS adds twins that differ in nothing else.
_SCOPES = frozenset(("organiz", "cros"))


class Verdict(Enum):
    """What the prose of an endpoint says to its being some operation. ``SILENT``: one of them has none."""

    SILENT = "silent"
    SAME = "same"
    AGREES = "agrees"
    # It does not begin with a verb that is known.
    VAGUE = "vague"
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict; ``foreign`` counts words of the first sentence that the operation's prose and name do not have."""

    verdict: Verdict
    foreign: int = 0


@dataclass(frozen=True, slots=True)
class Claim:
    """A description, taken apart: the verbs it begins with, the words that name things, and those of its first
    sentence.
    """

    text: str
    verbs: frozenset[str]
    words: frozenset[str]
    first: frozenset[str]


@functools.lru_cache(maxsize=8192)
def claim(text: str) -> Claim:
    """Take a description apart."""
    sentences = _SENTENCE.split(_NOTICE.sub("", text))
    for sentence in sentences:
        verbs = _leading(sentence)
        if verbs:
            return Claim(text, verbs, _things(text), _things(sentence))
    return Claim(text, frozenset(), _things(text), _things(sentences[0]))


def _leading(sentence: str) -> frozenset[str]:
    """The verb that a sentence begins with, and one that ``or`` or ``and`` puts beside it."""
    words = [_base(word) for word in re.findall(r"[A-Za-z]+", sentence)[:4]]
    if not words or words[0] not in _VERBS:
        # A verb that is not listed stands for itself alone.
        other = _OTHER_VERB.match(sentence)
        return frozenset((other[1].lower(),)) if other else frozenset()
    found = {words[0]}
    if len(words) > 2 and words[1] in ("or", "and") and words[2] in _VERBS:
        found.add(words[2])
    return frozenset(found)


def _base(word: str) -> str:
    """The base form of a verb in the third person."""
    word = word.lower()
    for tail, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"), ("es", "e"), ("s", "")):
        if word.endswith(tail) and word.removesuffix(tail) + instead in _VERBS:
            return word.removesuffix(tail) + instead
    return word


def _stem(word: str) -> str:
    """A word without its ending, so that ``policies`` and ``policy`` are one."""
    word = word.lower()
    for tail in ("ations", "ation", "ings", "ing", "ies", "ions", "ion", "es", "ed", "s", "e", "y"):
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            return word.removesuffix(tail)
    return word


def _things(text: str) -> frozenset[str]:
    words = re.findall(r"[A-Za-z0-9]+", text)
    return frozenset(_stem(word) for word in words if word.lower() not in _COMMON and _base(word) not in _VERBS)


def same(a: str, b: str) -> bool:
    """Whether the description ``a`` is ``b``, or ``b`` cut off."""
    return a == b or (len(a) >= CUT and b.startswith(a.removesuffix("...").removesuffix("…").rstrip()))


@functools.lru_cache(maxsize=8192)
def verb(name: str) -> str:
    """The verb of an operation's name."""
    words = [_base(word) for word in _WORD.findall(name)]
    return words[1] if len(words) > 1 and words[0] == "batch" else words[0] if words else ""


@functools.lru_cache(maxsize=8192)
def things_of(name: str) -> tuple[str, ...]:
    """The words of an operation's name that say what it is about, without their endings."""
    words = _WORD.findall(name)[1:]
    return tuple(_stem(word) for word in words if word.lower() not in _COMMON and _base(word) not in _VERBS)


def are_in(stems: Iterable[str], text: str) -> bool:
    """Whether all words are in a text, wherever it has spaces."""
    squashed = _squashed(text)
    return all(stem in squashed for stem in stems)


def verdict(endpoint: str, operation: str, name: str) -> Said:
    """Compare an endpoint's description with that of an operation, which is called ``name``."""
    if not endpoint or not operation:
        return Said(Verdict.SILENT)
    if same(endpoint, operation):
        return Said(Verdict.SAME)
    here, there = claim(endpoint), claim(operation)
    known = there.words | {_stem(word) for word in _WORD.findall(name)}
    foreign = {word for word in here.first if word not in known and word not in name.lower()}
    missing = [stem for stem in things_of(name) if stem in _squashed(operation) and stem not in _squashed(endpoint)]
    if missing or foreign & _SCOPES or not (not here.verbs or _compatible(here.verbs, there.verbs | {verb(name)})):
        return Said(Verdict.CONFLICTS, len(foreign))
    return Said(Verdict.AGREES if here.verbs else Verdict.VAGUE, len(foreign))


@functools.lru_cache(maxsize=8192)
def _squashed(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _compatible(a: Iterable[str], b: Iterable[str]) -> bool:
    """Whether some verb of ``a`` can stand for some verb of ``b``."""
    return any(x == y or any(x in kind and y in kind for kind in _KINDS) for x in a for y in b)
