"""JSON that people wrote, or that a program wrote: one document, or several after each other."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from kubestandby.adapters.manifest_files.plain_scalars import json_number
from kubestandby.adapters.manifest_files.yaml_documents import MAX_VALUES, Document
from kubestandby.adapters.marked_yaml import shown
from kubestandby.errors import ManifestError

_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]', re.DOTALL)
_MOST_DIGITS = 1100


class NotJsonError(ManifestError):
    """The text is not JSON; it may still be YAML."""


class _DuplicateKeyError(Exception):
    """A mapping has a key twice."""


def read_json(text: str, what: str) -> Iterator[Document]:
    """Reads every document of a text; `what` is the file, for messages.

    Raises:
        NotJsonError: the text is not JSON; the message is `what:line: ...`, as always.
        ManifestError: it is JSON that is refused: a key is there twice, a number that no float holds, deep nesting.
    """
    if sum(map(text.count, "[{,")) > MAX_VALUES:  # as many values at most, whatever is in texts
        raise ManifestError(f"{what}:1: more than {MAX_VALUES} values in one file; split the file")
    position, line = _SPACE.match(text).end(), 1  # type: ignore[union-attr]  # it matches everywhere
    counted = 0
    while position < len(text):
        line += text.count("\n", counted, position)
        counted = position
        value, position = _decode(text, position, f"{what}:{line}", what)
        yield Document(value, line)
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]


def _decode(text: str, position: int, place: str, what: str) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{what}:{error.lineno}: not JSON: {error.msg.lower()}; correct this line") from error
    except _DuplicateKeyError as error:
        line = 1 + text.count("\n", 0, _second_of_two(text, position))
        raise ManifestError(f"{what}:{line}: the key {shown(error)} is here twice; leave one out") from error
    except OverflowError as error:
        raise ManifestError(
            f"{place}: a number in this document is larger than JSON readers take; correct it"
        ) from error
    except RecursionError as error:
        raise ManifestError(f"{place}: this document is nested too deeply; no server takes that") from error


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        seen: set[str] = set()
        raise _DuplicateKeyError(next(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return mapping


def _integer(digits: str) -> float:
    if len(digits) > _MOST_DIGITS:
        raise OverflowError
    return json_number(int(digits))


def _float(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise OverflowError
    return json_number(number)


def _constant(_: str) -> NoReturn:
    raise OverflowError


_DECODER = json.JSONDecoder(
    object_pairs_hook=_mapping, parse_int=_integer, parse_float=_float, parse_constant=_constant
)


def _second_of_two(text: str, position: int) -> int:
    """Where the first key stands that its mapping has already: a second look, since the decoder does not say."""
    open_: list[set[str] | None] = []
    wants_key = False
    for token in _TOKEN.finditer(text, position):
        sign = token[0]
        if sign in "{[":
            open_.append(set() if sign == "{" else None)
            wants_key = sign == "{"
        elif sign in "}]":
            open_.pop()
            wants_key = False
        elif sign == ",":
            wants_key = open_[-1] is not None
        elif wants_key and sign != ":":
            key, keys = json.loads(sign, strict=False), open_[-1]
            if keys is not None and key in keys:
                return token.start()
            keys.add(key) if keys is not None else None
            wants_key = False
    return position
