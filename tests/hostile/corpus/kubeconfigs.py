"""Kubeconfigs that are none, that go off when they are read, or that say something else than they should."""

from __future__ import annotations

from kubestandby.errors import ConfigError
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases
from tests.hostile.corpus.configuration import alias_bomb

C = ConfigError
GOOD = f"""\
apiVersion: v1
kind: Config
current-context: east
clusters:
- name: prod
  cluster: {{server: "https://127.0.0.1:6443"}}
contexts:
- name: east
  context: {{cluster: prod, user: admin}}
users:
- name: admin
  user: {{token: {CANARY}}}
"""


def changed(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new).encode()


FILES: dict[str, Row] = {
    "nothing": (b"", C, "site east|not a kubeconfig|put one there"),
    "a text": (CANARY.encode(), C, "site east|not a kubeconfig|put one there"),
    "no YAML": (changed("- name: prod", "- name: [prod"), C, "site east|not YAML|put a kubeconfig there"),
    "no UTF-8": (GOOD.encode() + b"\xff", C, "site east|not YAML|put a kubeconfig there"),
    "NUL": (changed("prod\n", "pr\x00od\n"), C, "site east|not YAML|put a kubeconfig there"),
    "two documents": ((GOOD + "---\n" + GOOD).encode(), C, "site east|not YAML|put a kubeconfig there"),
    "a tag of Python": (changed("kind: Config", "kind: !!python/name:os.system"), C, "site east|not YAML"),
    "a month 13": (changed("kind: Config", "kind: 2024-13-45"), C, "site east|not YAML|put a kubeconfig there"),
    "a key that is a list": (changed("kind: Config", "? [a]\n: b"), C, "site east|not YAML|put a kubeconfig there"),
    "an integer of 5000 digits": (changed("kind: Config", "x: " + "9" * 5000), C, "site east|not YAML"),
    "a bomb of aliases": (alias_bomb(10, 9).encode() + GOOD.encode(), C, "site east|aliases|kubeconfig"),
    "200,000 levels of lists": (b"[" * 200_000, C, "site east|nested deeper than"),
    "200,000 levels of mappings": (b"{a: " * 200_000, C, "site east|nested deeper than"),
    "more than 4 MiB": (GOOD.encode() + b"#" * (4 << 20), C, "site east|larger than 4 MiB"),
    "JSON of a Secret": (b'{"kind": "Secret", "data": {"a": "' + CANARY.encode() + b'"}}', C, "not a kubeconfig|put"),
    "clusters that are a mapping": (b"clusters: {a: b}\n", C, "site east|not a kubeconfig|put one there"),
    "no context": (changed("current-context: east\n", ""), C, "site east|no current context; set cluster.context|east"),
    "a context that is not there": (
        changed("current-context: east", "current-context: west"),
        C,
        "no context 'west'|east",
    ),
    "a context that is a list": (changed("current-context: east", "current-context: [east]"), C, "site east|context"),
    "a context without its parts": (
        changed("{cluster: prod, user: admin}", "{}"),
        C,
        "context 'east' names the cluster ''",
    ),
    "a context that is a text": (
        changed("{cluster: prod, user: admin}", CANARY),
        C,
        "context 'east' is not a mapping|correct it",
    ),
    "a context of a list": (
        changed("{cluster: prod, user: admin}", f"[{CANARY}]"),
        C,
        "context 'east' is not a mapping|correct it",
    ),
    "a cluster that is not there": (changed("cluster: prod", "cluster: test"), C, "names the cluster 'test'|add it or"),
    "a cluster whose name is a list": (
        changed("cluster: prod", "cluster: [prod]"),
        C,
        "context 'east' names the cluster",
    ),
    "a user that is not there": (changed("user: admin", "user: root"), C, "names the user 'root'|add it or choose"),
    "users that are a mapping": (
        changed("users:\n- name: admin\n  user:", "users:\n  admin:"),
        C,
        "names the user 'admin'",
    ),
    "a cluster that is a text": (
        changed('{server: "https://127.0.0.1:6443"}', CANARY),
        C,
        "cluster 'prod' is not a mapping|correct it",
    ),
    "a cluster without a server": (
        changed('{server: "https://127.0.0.1:6443"}', "{}"),
        C,
        "cluster 'prod' has no server|add it",
    ),
    "a user that is a text": (changed(f"{{token: {CANARY}}}", CANARY), C, "user 'admin' is not a mapping|correct it"),
    "a user without its part": (changed("  user: {token:", "  usr: {token:"), C, "cannot be set up|Expected key user"),
    "a certificate that is no Base64": (
        changed(f"{{token: {CANARY}}}", f"{{client-certificate-data: '%{CANARY}'}}"),
        C,
        "site east|credentials are not base64",
    ),
    "a certificate that is a list": (
        changed(f"{{token: {CANARY}}}", f"{{client-certificate-data: [{CANARY}]}}"),
        C,
        "client-certificate-data of user 'admin' is not text|correct it",
    ),
    "a token that is a mapping": (
        changed(f"token: {CANARY}", f"token: {{a: {CANARY}}}"),
        C,
        "token of user 'admin' is not text|correct it",
    ),
    "a server that is a number": (
        changed('"https://127.0.0.1:6443"', "7"),
        C,
        "server of cluster 'prod' is not text|correct it",
    ),
    "a server of another scheme": (
        changed("https:", "file:"),
        C,
        "its server is not the URL of an API server; put one",
    ),
    "a server without a host": (
        changed("127.0.0.1:6443", ""),
        C,
        "its server is not the URL of an API server; put one",
    ),
    "a port of 99999": (changed("6443", "99999"), C, "its server is not the URL of an API server; put one"),
    "a certificate that is not there": (
        changed(f"{{token: {CANARY}}}", "{client-certificate: /no/such/file}"),
        C,
        "site east|cannot be set up",
    ),
}


def user(fields: str) -> bytes:
    return changed(f"{{token: {CANARY}}}", fields)


SECRETS: dict[str, Row] = {
    "a program": (user(f"{{exec: {{command: sh, args: [-c, {CANARY}]}}}}"), C, "site east|exec|"),
    "a program of old": (
        user("{auth-provider: {name: gcp, config: {cmd-path: /bin/sh}}}"),
        C,
        "site east|auth-provider",
    ),
    "a file with a token": (user("{tokenFile: /etc/shadow}"), C, "site east|tokenFile"),
    "a file with a key": (user("{client-certificate: /a, client-key: /b}"), C, "site east|client-"),
    "a file with an authority": (changed('6443"', '6443", certificate-authority: /etc/x'), C, "certificate-authority"),
    "a text in a secret": (CANARY.encode() + b"\n", C, "site east|not a kubeconfig|put one there"),
    "aliases in a secret": (alias_bomb(9, 8).encode() + GOOD.encode(), C, "site east|aliases"),
    "depth in a secret": (b"[" * 100_000, C, "site east|nested deeper than"),
}
INPUTS: list[Hostile] = [*cases("kubeconfig", FILES), *cases("kubeconfig in a secret", SECRETS)]
