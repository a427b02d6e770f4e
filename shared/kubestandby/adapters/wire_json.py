"""JSON objects from strangers: size, depth, encoding and duplicate keys are checked before anything is believed.

No message repeats a byte of the input: it may hold credentials that were sent to the wrong place.
"""

import json
from typing import Any, NoReturn

from kubestandby.errors import BadInputError

MAX_BYTES = 64 << 10
_MAX_DEPTH = 32
_TOO_DEEP = f"the body is nested deeper than {_MAX_DEPTH} levels; send what is flatter"


def parse_object(body: bytes) -> dict[str, Any]:
    """Decodes one JSON object of at most `MAX_BYTES`.

    Raises:
        BadInputError: it is larger, not UTF-8, not JSON (RFC 8259), not an object, too deep, or says a key twice.
    """
    if len(body) > MAX_BYTES:
        raise BadInputError(f"the body is larger than {MAX_BYTES >> 10} KiB; send less")
    if not body.strip():
        raise BadInputError("the body is empty; send an event or a request as JSON")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        _check_text(value)
    except UnicodeError:
        raise BadInputError("the body is not UTF-8 text; send JSON in UTF-8") from None
    except RecursionError:
        raise BadInputError(_TOO_DEEP) from None
    except ValueError:
        raise BadInputError("the body is not JSON; send one JSON object, as application/json") from None
    if not isinstance(value, dict):
        raise BadInputError("the body is not a JSON object; send one, and one event or request per call")
    _check_depth(value)
    return value


def _check_text(value: Any) -> None:
    """Refuses lone surrogates, which JSON can write and UTF-8 cannot.

    Raises:
        UnicodeError: there is one.
    """
    json.dumps(value, ensure_ascii=False).encode("utf-8")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise BadInputError("the body says a key twice; send each key once")
    return value


def _no_constant(_: str) -> NoReturn:
    raise BadInputError("the body is not JSON (NaN and Infinity are not); send numbers that JSON has")


def _check_depth(value: Any) -> None:
    """Walks level by level, without recursion."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise BadInputError(_TOO_DEEP)


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
