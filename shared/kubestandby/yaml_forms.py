"""How canonical YAML writes keys, and what it escapes: what its writer and its reader must both know."""

import re
from json.encoder import encode_basestring

from kubestandby.errors import FormatError

MAX_DEPTH = 200
"""Levels of nesting. Real objects, CRD schemas included, stay below 60."""

FIRST_KEYS = ("apiVersion", "kind", "metadata")
"""Of a whole manifest; the others come behind them, sorted."""

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_WORDS_WITH_MEANING = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
LONG_KEY = 160
"""YAML readers allow 1024 bytes for a key on one line (YAML 1.2, 7.4.2); escaped, a character takes up to 6."""

_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON may hold as it is and YAML may not (YAML 1.2, 5.1), and line breaks of YAML 1.1."""

MAX_CACHED_KEYS = 8192
"""Most keys come again and again; somebody's thousands of others are not remembered."""


class _KeyTexts(dict[str, str]):
    """Keys as they are written, colon included; most keys come again and again."""

    def __missing__(self, key: str) -> str:
        if type(key) is not str:
            raise FormatError(f"a manifest has a key of type {type(key).__name__}; only strings are allowed")
        plain = _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS_WITH_MEANING
        text = f"{key}:" if plain else f"{encode_basestring(key)}:"
        if len(self) < MAX_CACHED_KEYS:
            self[key] = text
        return text


KEY_TEXTS = _KeyTexts()


def printable(text: str) -> str:
    """The text with escapes for what YAML does not allow as it is."""
    if text.isascii() and "\x7f" not in text:
        return text
    return _NOT_PRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
