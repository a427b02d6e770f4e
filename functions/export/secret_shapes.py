"""Whether a text, by its form and by what it is called, is likely a secret. Pure; a guess, told as one.

Three rules, the surest first: it has the form of a known credential; it is called like one and is no reference, number
or sentence; it is one long random word.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KNOWN_FORMS = (
    ("an AWS access key", "AKIA", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("an AWS access key", "ASIA", re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),
    ("an Azure storage key", "AccountKey=", re.compile(r"AccountKey=[0-9A-Za-z+/]{40,}={0,2}")),
    *(("a GitHub token", f"gh{sort}_", re.compile(r"\bgh[pousr]_[0-9A-Za-z]{36,}\b")) for sort in "pousr"),
    ("a GitHub token", "github_pat_", re.compile(r"\bgithub_pat_[0-9A-Za-z_]{40,}")),
    ("a GitLab token", "glpat-", re.compile(r"\bglpat-[0-9A-Za-z_-]{20,}")),
    ("a Google API key", "AIza", re.compile(r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])")),
    ("a HashiCorp Vault token", "hvs.", re.compile(r"\bhvs\.[0-9A-Za-z_-]{24,}")),
    ("a JSON web token", "eyJ", re.compile(r"\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}")),
    ("an npm token", "npm_", re.compile(r"\bnpm_[0-9A-Za-z]{36}\b")),
    ("a PyPI token", "pypi-", re.compile(r"\bpypi-[0-9A-Za-z_-]{40,}")),
    ("a private key", "PRIVATE KEY-----", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a private key", "AGE-SECRET-KEY-1", re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}")),
    ("a SendGrid key", "SG.", re.compile(r"\bSG\.[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}")),
    ("a Slack token", "xox", re.compile(r"\bxox[abeoprs]-[0-9A-Za-z-]{10,}")),
    ("a Stripe key", "_live_", re.compile(r"\b[rs]k_live_[0-9A-Za-z]{16,}")),
    (
        "a URL with a password",
        "@",
        re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"]{0,100}:(?![$*{<%]|x{3,}|password@)[^\s/@'\"]{3,200}@"),
    ),
)
"""What it is, a piece that it must have (looked for first: that is fast), and its whole form, as its issuer has it."""

_SHORTEST_FORM = 12

_SECRET_NAMES = frozenset(
    {"credential", "credentials", "passphrase", "passwd", "password", "passwords", "pwd", "secret", "secrets", "token"}
)
_SECRET_PAIRS = frozenset(
    {
        *(("access", "key"), ("account", "key"), ("api", "key"), ("encryption", "key"), ("master", "key")),
        *(("private", "key"), ("secret", "key"), ("shared", "key"), ("signing", "key"), ("ssh", "key")),
    }
)
_SECRET_WHOLES = ("apikey", "password", "passwd", "secretkey", "privatekey", "accesskey", "authtoken")
"""Names that are written in one word, at the end of it: `dbpassword`."""

_ABOUT = _words(
    "algorithm arn audience class count duration enabled endpoint env expiration expires expiry file filename format"
    " header hash id issuer key keys kind label length lifetime limit location max min mode mount name namespace path"
    " policy prefix provider ref refresh region required rotation seconds selector size source store timeout ttl type"
    " uri url username validity version"
)
"""Words behind the name of a secret that make it something else: PASSWORD_FILE, token-url, secretName."""

_PLACEHOLDER = re.compile(
    r"[$%]?[({<\[].*|.*(?:\$\(|\$\{|\{\{|%\().*|[*x.\-_?]+|(?:change|replace|insert|your|example|dummy|redacted|todo|tbd)"
    r"[-_ ]?.*|(?:vault|secret|ref|file|env|aws|gcp|azure)[a-z+-]*:.*",
    re.IGNORECASE,
)
"""Where the secret is to come from, or that it was left out."""

_PLAIN_WORDS = _words(
    "true false yes no on off none null nil undefined default required optional enabled disabled auto always never"
    " basic bearer oauth oauth2 oidc jwt plain plaintext file env kubernetes vault header cookie password token secret"
    " credentials anonymous"
)
_NUMBER = re.compile(r"[-+]?[0-9]{1,5}(?:[.,:_][0-9]+)*\s*[a-zA-Z]{0,3}")
_PLACE = re.compile(r"(?:[a-z][a-z0-9+.-]*:/)?/[^\s]*|~/.*|\./.*|[a-z]:\\.*", re.IGNORECASE)
_NUMBERING = "0123456789_.-"
"""At the end of names that are numbered: `key_00001` to `key_15000` are one name to the cache."""
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_NO_SECRET_NAMES = _words(
    "bundle ca cert certificate checksum commit crt digest etag fingerprint hash id image md5 nonce oid public pub"
    " revision sha sha1 sha256 sha512 sum uid uuid version"
)
"""Long random words that nobody has to hide."""

_BASE64 = re.compile(r"[0-9A-Za-z+/_-]{24,200}={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]{32,200}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_BITS_OF_BASE64, _BITS_OF_HEX = 4.0, 3.0
"""Entropy per character from which on a text counts as random (Shannon's)."""

_LINE = re.compile(r"""^[\s"'{,-]*+([A-Za-z0-9_.\-]{2,100}+)["']?+\s*+[:=]\s*+(.*)$""")
"""Takes linear time: nothing that it has passed is looked at again."""

_NAMES = re.compile(r"""^(?:[^\S\n]|["'{,-])*+([A-Za-z0-9_.\-]{2,100}+)["']?+[^\S\n]*+[:=]""", re.MULTILINE)
"""The names of all lines at once, as `_LINE` has them one by one."""

_HINTS = tuple(
    cased
    for hint in ("pass", "pwd", "secret", "token", "credential", "key")
    for cased in (hint, hint.capitalize(), hint.upper())
)
"""A piece that the name of every secret has."""

MOST_CHARACTERS = 1 << 20
"""A ConfigMap holds no more (core/v1 MaxSecretSize)."""


def why_secret(name: str, value: str) -> str:
    """Why a value of one line is likely a secret; "" where it is not. `name`: what it is called."""
    form = known_form(value) if len(value) >= _SHORTEST_FORM else ""
    if form:
        return f"looks like {form}"
    text = value.strip().strip("\"'")
    if is_called_secret(name) and _may_be_password(text):
        return "is called like a secret"
    return "looks random" if is_random(name, text) else ""


def secrets_in_lines(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name and reason of each likely secret in a file of several lines: known forms, and `name: value`."""
    text = text[:MOST_CHARACTERS]
    with_pieces = _lines_with(text, tuple(piece for _, piece, _ in KNOWN_FORMS))
    with_names = _lines_with(text, _HINTS) if _is_any_called_secret(text) else set()
    for start, end in sorted(with_pieces | with_names):
        line = text[start:end]
        found = _LINE.match(line)
        name, value = found.groups() if found else ("", "")
        known = known_form(line) if (start, end) in with_pieces else ""
        reason = f"looks like {known}" if known else ""
        if name and not known and is_called_secret(name) and _may_be_password(_unquoted(value)):
            reason = "is called like a secret"
        if reason:
            yield text.count("\n", 0, start) + 1, name, reason


def _is_any_called_secret(text: str) -> bool:
    """Whether any line of it has such a name: a file of thousands that only look like it has few different ones."""
    return any(map(_is_called_secret, {name.rstrip(_NUMBERING) for name in _NAMES.findall(text)}))


def _lines_with(text: str, pieces: tuple[str, ...]) -> set[tuple[int, int]]:
    """Begin and end of each line that has one of the pieces; looks at no line that has none."""
    found: set[tuple[int, int]] = set()
    for piece in pieces:
        position = text.find(piece)
        while position >= 0:
            end = text.find("\n", position)
            end = len(text) if end < 0 else end
            found.add((text.rfind("\n", 0, position) + 1, end))
            position = text.find(piece, end)
    return found


def _unquoted(value: str) -> str:
    return value.strip().rstrip(",;").strip("\"'")


def known_form(text: str) -> str:
    """Which known credential is in the text; "" for none."""
    for what, piece, form in KNOWN_FORMS:
        if piece in text and form.search(text):
            return what
    return ""


def is_called_secret(name: str) -> bool:
    """Whether something of this name is a secret itself, and not what is told about one. A number behind it is none."""
    return _is_called_secret(name.rstrip(_NUMBERING))


@lru_cache(maxsize=8192)  # the same names come again and again, in every object
def _is_called_secret(name: str) -> bool:
    words = [word.lower() for word in _NAME_PART.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words:
        return False
    if tuple(words[-2:]) in _SECRET_PAIRS:
        return True
    last = words[-1]
    return last not in _ABOUT and (last in _SECRET_NAMES or last.endswith(_SECRET_WHOLES))


def _may_be_password(text: str) -> bool:
    """Whether the value of something that is called a secret can be one: no reference, number, place or sentence."""
    return (
        len(text) >= 4
        and not any(character.isspace() for character in text)
        and text.lower() not in _PLAIN_WORDS
        and not any(form.fullmatch(text) for form in (_PLACEHOLDER, _NUMBER, _PLACE))
    )


def is_random(name: str, text: str) -> bool:
    """Whether a text is one long random word, and not by its name a checksum or the like."""
    if not 24 <= len(text) <= 202 or _UUID.fullmatch(text):
        return False
    if {word.lower() for word in _NAME_PART.findall(name)} & _NO_SECRET_NAMES:
        return False
    if _HEX.fullmatch(text):
        return _entropy(text) >= _BITS_OF_HEX
    kinds = (any(c.islower() for c in text), any(c.isupper() for c in text), sum(c.isdigit() for c in text) >= 2)
    return bool(_BASE64.fullmatch(text)) and all(kinds) and _entropy(text) >= _BITS_OF_BASE64 and not _is_worded(text)


def _is_worded(text: str) -> bool:
    """Whether it is made of words: `shop-Web/v1.2-Frontend-Controller-2024`."""
    letters = sum(len(word) for word in re.findall(r"[A-Z]?[a-z]{3,}", text))
    return letters > len(text) * 0.6


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
