"""Who gets the rights: the subject of the bindings."""

from dataclasses import dataclass
from typing import Any

from kubestandby.errors import ConfigError
from kubestandby.groups import OWN_NAMESPACE

RBAC = "rbac.authorization.k8s.io"
_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`kind` is ServiceAccount, User or Group; only the first has a namespace (rbac.authorization.k8s.io/v1)."""

    kind: str
    name: str
    namespace: str = ""

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """Reads `ServiceAccount:NAMESPACE/NAME`, `User:NAME` or `Group:NAME`.

        On OKE, `Group:` with the OCID of a dynamic group is the functions of that group.

        Raises:
            ConfigError: it is none of these.
        """
        kind, _, rest = text.partition(":")
        namespace, _, name = rest.rpartition("/") if kind == "ServiceAccount" else ("", "", rest)
        if kind not in ("ServiceAccount", "User", "Group") or not name or (kind == "ServiceAccount" and not namespace):
            raise ConfigError(
                f"{text[:80]!r} is no subject: give ServiceAccount:NAMESPACE/NAME, User:NAME or Group:NAME"
            )
        return cls(kind=kind, name=name, namespace=namespace)

    @classmethod
    def of_user(cls, user: str) -> "Subject":
        """The subject that an API server knows by this user name."""
        namespace, _, name = user.removeprefix(_ACCOUNT_PREFIX).partition(":")
        if user.startswith(_ACCOUNT_PREFIX) and name:
            return cls(kind="ServiceAccount", name=name, namespace=namespace)
        return cls(kind="User", name=user)

    @property
    def manifest(self) -> dict[str, Any]:
        """As it stands in a binding."""
        if self.namespace:
            return {"kind": self.kind, "name": self.name, "namespace": self.namespace}
        return {"apiGroup": RBAC, "kind": self.kind, "name": self.name}

    @property
    def user(self) -> str:
        """The user name that the API server gives it; "" for a group."""
        if self.kind == "Group":
            return ""
        return f"{_ACCOUNT_PREFIX}{self.namespace}:{self.name}" if self.namespace else self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def account(role: str) -> Subject:
    """The ServiceAccount that one function has where no other subject is named."""
    return Subject(kind="ServiceAccount", name=f"kubestandby-{role}", namespace=OWN_NAMESPACE)
