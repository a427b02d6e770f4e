"""Configuration files: YAML that readers read differently, YAML bombs, and fields that mean something else."""

from __future__ import annotations

from kubestandby.errors import ConfigError
from tests.hostile.corpus.case import CANARY, Hostile, Row, cases

C = ConfigError
GOOD = """\
apiVersion: kubestandby.dev/v1
kind: ProtectionGroup
metadata: {name: shop}
spec:
  namespaces: [shop-data, shop]
  schedule: "*/15 * * * *"
  sites:
    east:
      cluster: {kubeconfig: east.yaml, context: east}
      data: file:///var/lib/kubestandby/east/data
      control: file:///var/lib/kubestandby/east/control
    west:
      cluster: {kubeconfig: west.yaml}
      data: file://./west/data
      control: file://./west/control
  primary: east
  standby: west
  restore: {mode: hot}
"""
HOOK = "  webhooks: [{name: ci, kind: %s, secretsFrom: [%s]}]\n"
TRANSFORM = "  transforms: [{name: t, %s}]\n"


def changed(old: str, new: str) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new).encode("utf-8", "surrogatepass")


def more(text: str) -> bytes:
    return (GOOD + text).encode()


def hook(secret: str, kind: str = "github") -> bytes:
    return more(HOOK % (kind, secret))


def alias_bomb(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


NOT_YAML: dict[str, Row] = {
    "nothing": (b"", C, "no ProtectionGroup in it|write one"),
    "comments alone": (b"# " + CANARY.encode() + b"\n---\n---\n", C, "no ProtectionGroup in it|write one"),
    "a quote that is not closed": (changed("shop}", f'"{CANARY}}}'), C, "not YAML|correct this line"),
    "a tab as indentation": (changed("  namespaces", "\tnamespaces"), C, "not YAML|correct this line"),
    "no UTF-8": (GOOD.encode() + b"# \xff\n", C, ":19: not UTF-8 text|save the file as UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), C, "not UTF-8 text|save the file as UTF-8"),
    "a surrogate in UTF-8": (changed("shop}", "\ud800}"), C, "not UTF-8 text|save the file as UTF-8"),
    "NUL": (changed("shop}", "sh\x00op}"), C, "character that YAML does not allow|correct this line"),
    "an escaped NUL": (changed("shop}", '"sh\\0op"}'), C, ":3: |control character inside a value"),
    "an escape for terminals": (changed("shop}", '"\\e[2Jshop"}'), C, ":3: |control character inside a value"),
    "a line break in a name": (changed("shop}", '"sh\\nop"}'), C, ":3: |line break|write it on one line"),
    "more than 1 MiB": (GOOD.encode() + b"#" * (1 << 20), C, ":1: larger than 1 MiB|split it"),
    "an archive": (b"\x1f\x8b\x08\x00" + bytes(100), C, "not UTF-8 text|save the file as UTF-8"),
    "a Go template": (changed("name: shop", "name: {{ .Values.name }}"), C, "a mapping or a list as a key"),
    "an end of a list that never began": (changed("shop]", "]]"), C, "not YAML|correct this line"),
    "a directive of YAML 3": (b"%YAML 3.0\n---\n" + GOOD.encode(), C, "not YAML|correct this line"),
}
REFUSED_YAML: dict[str, Row] = {
    "an anchor": (changed("{name: shop}", "&x {name: shop}"), C, ":3: anchors and aliases|write the value out"),
    "an alias bomb": (alias_bomb(10, 9).encode(), C, ":1: anchors and aliases|write the value out"),
    "an alias of itself": (b"a: &a [*a]\n", C, ":1: anchors and aliases|write the value out"),
    "a merge key": (b"a: {b: 1}\n<<: {c: 1}\n", C, ":2: merge keys|write the fields out"),
    "a tag of Python": (b"!!python/object/apply:os.system [id]\n", C, ":1: tags (!)|leave it out"),
    "a tag of the standard": (changed("name: shop}", "name: !!str shop}"), C, ":3: tags (!)|leave it out"),
    "a binary tag": (changed("name: shop}", "name: !!binary c2hvcA==}"), C, ":3: tags (!)|leave it out"),
    "a tag of its own": (changed("name: shop}", "name: !secret shop}"), C, ":3: tags (!)|leave it out"),
    "a key twice": (more("  standby: east\n"), C, ':19: the key "standby" is here twice|line 17|leave one out'),
    "a key twice in one line": (changed("{mode: hot}", "{mode: hot, mode: warm}"), C, ':18: the key "mode" is here'),
    "a list as key": (b"? [a, b]\n: 1\n", C, "a mapping or a list as a key|a key is a word"),
    "a mapping as key": (b"? {a: b}\n: 1\n", C, "a mapping or a list as a key|a key is a word"),
    "Norway": (changed("[shop-data, shop]", "[no]"), C, ':5: "no" is a word to some|quote it'),
    "on": (changed("{mode: hot}", "{prune: on}"), C, ':18: "on" is a word to some|quote it'),
    "y": (changed("{mode: hot}", "{prune: y}"), C, ':18: "y" is a word to some|quote it'),
    "sexagesimal": (changed('"*/15 * * * *"', "22:22"), C, ':6: "22:22" is read as a number|quote it'),
    "octal": (changed("{name: shop}", "{name: 0o17}"), C, ':3: "0o17" is read as a number|quote it'),
    "a power": (changed("{name: shop}", "{name: 1e3}"), C, ':3: "1e3" is read as a number|quote it'),
    "infinity": (changed("{name: shop}", "{name: .inf}"), C, ':3: ".inf" is read as a number|quote it'),
    "an integer of 5000 digits": (changed("{name: shop}", "{name: " + "9" * 5000 + "}"), C, ":3: |read as a number"),
    "200,000 levels of lists": (b"[" * 200_000, C, ":1: nested deeper than 24 levels"),
    "200,000 levels of mappings": (b"{a: " * 200_000, C, ":1: nested deeper than 24 levels"),
    "200,000 levels of blocks": (b"- " * 200_000 + b"x\n", C, ":1: nested deeper than 24 levels"),
    "25 levels": (b"a:\n" + b"".join(b" " * n + b"a:\n" for n in range(1, 26)), C, "nested deeper than 24 levels"),
}
FIELDS: dict[str, Row] = {
    "a list": (b"- 1\n", C, ":1: the document: a list, where a mapping belongs"),
    "a text": (CANARY.encode() + b"\n", C, ":1: the document: text, where a mapping belongs"),
    "another kind": (b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", C, ":1: apiVersion: |write kubestandby"),
    "a field that is misspelt": (changed("standby: west", "stanby: west"), C, ":17: spec.stanby|did you mean standby?"),
    "no sites": (changed("  sites:", "  site:"), C, ":7: spec.site: |did you mean sites?"),
    "one site": (changed("    west:\n", "    west: {}\n  x:\n"), C, "spec."),
    "a name that leads out": (changed("name: shop", "name: ../../etc"), C, ":3: metadata.name|DNS-1123 label"),
    "a name in other letters": (changed("name: shop", "name: \u0455hop"), C, ":3: metadata.name|DNS-1123 label"),
    "a name of 70 letters": (changed("name: shop", "name: " + "a" * 70), C, ":3: metadata.name|DNS-1123 label"),
    "a site that leads out": (changed("    west:\n", "    ../x:\n"), C, ":12: spec.sites.../x|"),
    "a namespace twice": (
        changed("[shop-data, shop]", "[shop, shop]"),
        C,
        ':5: spec.namespaces: "shop" is in the list twice',
    ),
    "60,000 namespaces of all types": (
        changed("[shop-data, shop]", "[" + ",".join(["1", "a", "{}"] * 20_000) + "]"),
        C,
        ":5: more than 50000 values|split it",
    ),
    "100,000 namespaces": (
        changed("[shop-data, shop]", "[" + ",".join(f"a{n}" for n in range(100_000)) + "]"),
        C,
        ":5: more than 50000 values|split it",
    ),
    "10,001 namespaces": (
        changed("[shop-data, shop]", "[" + ",".join(f"a{n}" for n in range(10_001)) + "]"),
        C,
        ":5: spec.namespaces: 10001 of them",
    ),
    "a primary that is no site": (
        changed("primary: east", "primary: north"),
        C,
        ':16: spec.primary: "north"|write east',
    ),
    "both roles at one site": (changed("standby: west", "standby: east"), C, ":17: spec.standby|write west"),
    "one bucket for both": (
        changed("file://./west/data", "file:///var/lib/kubestandby/east/data"),
        C,
        "shares its place",
    ),
    "one bucket within another": (
        changed("east/control", "east/data/x"),
        C,
        "shares its place|give every bucket its own",
    ),
    "one cluster for both": (
        changed("{kubeconfig: west.yaml}", "{kubeconfig: east.yaml, context: east}"),
        C,
        "same cluster",
    ),
    "a URL with a password": (
        changed("file://./west/data", f"https://user:{CANARY}@host/bucket"),
        C,
        ":14: spec.sites.west.data|write a bucket's URL",
    ),
    "a URL of a site of the web": (
        changed("file://./west/data", "http://169.254.169.254/"),
        C,
        ":14: |write a bucket's",
    ),
    "a bucket that is a device": (changed("file://./west/data", "/dev/zero"), C, ":14: |write a bucket's URL"),
    "a home that nobody has": (
        changed("west.yaml", "~nobody-of-this-name/x"),
        C,
        ":13: spec.sites.west.cluster.kubeconfig: |no such home|absolute",
    ),
    "keys in a home that nobody has": (more("  keys: ~nobody-of-this-name/keys\n"), C, ":19: spec.keys: |no such home"),
    "a schedule of six fields": (changed("*/15 * * * *", "* * * * * *"), C, ":6: spec.schedule|five cron fields"),
    "a schedule that never comes": (changed("*/15 * * * *", "0 0 31 2 *"), C, ":6: spec.schedule|"),
    "a schedule of words": (changed("*/15 * * * *", CANARY), C, ":6: spec.schedule|five cron fields"),
    "a timeout without a unit": (changed("{mode: hot}", '{readyTimeout: "5"}'), C, ":18: spec.restore.readyTimeout"),
    "a timeout of ages": (
        changed("{mode: hot}", f'{{readyTimeout: "{"9" * 30}d"}}'),
        C,
        ":18: spec.restore.readyTimeout",
    ),
    "a freshness of ages": (more(f'  freshness: "{"9" * 12}d"\n'), C, ":19: spec.freshness"),
    "recreated volumes": (changed("{mode: hot}", "{recreate: [PersistentVolumeClaim]}"), C, "data would go with it"),
    "no requests at all": (
        changed("{kubeconfig: west.yaml}", "{kubeconfig: w}\n      limits: {requestsInFlight: 0}"),
        C,
        ":14: ",
    ),
    "a secret as text": (hook(CANARY), C, ":19: spec.webhooks[0].secretsFrom[0]: text, where a mapping belongs"),
    "a secret as the name of a variable": (
        hook(f"{{env: '{CANARY}!'}}"),
        C,
        "secretsFrom[0].env|name of an environment",
    ),
    "a secret under value": (hook(f"{{value: '{CANARY}'}}"), C, "secretsFrom[0].value: there is no such field"),
    "a secret of a vault": (hook("{vault: ocid1.vaultsecret.x}"), C, "secretsFrom[0].vault|write OCID of a secret"),
    "a token as the name of a secret": (
        changed("{kubeconfig: west.yaml}", f"{{server: https://a, tokenFrom: {{vault: {CANARY}}}}}"),
        C,
        ":13: spec.sites.west.cluster|",
    ),
    "a token beside the server": (
        changed("{kubeconfig: west.yaml}", f"{{server: https://a, token: {CANARY}}}"),
        C,
        ":13: spec.sites.west.cluster.token: there is no such field",
    ),
    "a server with a password": (
        changed("{kubeconfig: west.yaml}", f"{{server: 'https://a:{CANARY}@b', tokenFrom: {{vault: {CANARY}}}}}"),
        C,
        ":13: spec.sites.west.cluster|",
    ),
    "no secret": (more("  webhooks: [{name: ci, kind: github}]\n"), C, "secretsFrom is missing|write [{file: PATH}]"),
    "three secrets": (hook("{env: A}, {env: B}, {env: C}"), C, "secretsFrom"),
    "a secret for events": (hook("{env: A}", "ocir"), C, "secretsFrom|leave it out"),
    "a sender that nobody knows": (
        hook("{env: A}", "bitbucket"),
        C,
        ':19: spec.webhooks[0].kind: "bitbucket" is none of',
    ),
    "a transform of nothing": (more(TRANSFORM % "images: []"), C, "spec.transforms[0]"),
    "a transform that is a mapping": (
        more("  transforms: {t: 1}\n"),
        C,
        ":19: spec.transforms: a mapping, where a list",
    ),
    "a patch that is no pointer": (
        more(TRANSFORM % "select: {kinds: [Service]}, patch: [{op: add, path: spec/x, value: 1}]"),
        C,
        "spec.transforms[0].patch",
    ),
    "a group twice": (
        GOOD.encode() + b"---\n" + GOOD.encode(),
        C,
        ':22: metadata.name: "shop" is the name of two groups',
    ),
}
INPUTS: list[Hostile] = cases("configuration", {**NOT_YAML, **REFUSED_YAML, **FIELDS})
