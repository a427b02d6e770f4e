"""Paths and URLs of a group's document in the one form that they have everywhere else: absolute."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote, unquote

from kubestandby.adapters.marked_yaml import shown

_SAFE_IN_PATHS = "/~:@!$&'()*+,;="
"""What a URL's path may hold as it is (RFC 3986, `pchar`), beside letters, digits and `-._`."""


def absolute_path(
    path: str, folder: Path, where: tuple[str | int, ...], fault: Callable[[tuple[str | int, ...], str], NoReturn]
) -> Path:
    """An absolute path: `~` is the user's home, a relative one starts at the file's folder.

    Raises:
        ConfigError: by `fault`, which is given `where`: nobody has the home that it begins with.
    """
    try:
        return Path(os.path.normpath(folder / Path(path).expanduser()))
    except RuntimeError:
        fault(where, f"{shown(path)} begins with ~ and there is no such home; write an absolute path")


def bucket_url(url: str, folder: Path) -> str:
    """The bucket's URL in its one form, as it stands in events: absolute, without `.`, `..` and trailing slashes."""
    scheme, _, rest = url.partition("://")
    if scheme != "file":
        return url
    path = "/" + os.path.normpath(folder / unquote(rest)).lstrip("/")
    return f"file://{quote(path, safe=_SAFE_IN_PATHS)}"
