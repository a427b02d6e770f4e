"""Rules for ServiceAccounts and the Secrets that hold their tokens: a token is signed by one cluster for itself."""

from kubestandby.resources import Manifest

from .context import SnapshotContext
from .fields import Fields, edited, sifted, text_at, without
from .rules_metadata import without_annotations, without_labels
from .rules_pods import is_token_name

_TOKEN_TYPE = "kubernetes.io/service-account-token"  # noqa: S105 - a type, not a password
_TOKEN_KEYS = ("token", "ca.crt", "namespace")
_TOKEN_LABELS = ("kubernetes.io/legacy-token-last-used", "kubernetes.io/legacy-token-invalid-since")


def drop_generated_secrets(manifest: Manifest, context: SnapshotContext) -> Manifest:
    """References to Secrets that controllers generated for the account; the author's own references stay.

    An author's own Secret may have a name like a generated token's: it is in the snapshot, which no generated token is.

    Source: ServiceAccount.secrets, imagePullSecrets; the token controller's `<account>-token-xxxxx` (before Kubernetes
    1.24) and OpenShift's `<account>-dockercfg-xxxxx`.
    """
    account, namespace = text_at(manifest, "metadata", "name"), text_at(manifest, "metadata", "namespace")

    def is_authored(reference: Fields) -> bool:
        name = text_at(reference, "name")
        if is_token_name(name, account, "token"):
            return ("", "Secret", namespace, name) in context.identities
        return not is_token_name(name, account, "dockercfg")

    manifest = sifted(manifest, ("secrets",), is_authored)
    return sifted(manifest, ("imagePullSecrets",), is_authored)


def drop_token(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """What the token controller filled in; on the standby it fills in that cluster's own.

    Source: SecretType kubernetes.io/service-account-token (ServiceAccountUIDKey, ServiceAccountTokenKey,
    ServiceAccountRootCAKey, ServiceAccountNamespaceKey). A Secret of any other type keeps keys of these names.
    """
    if not _is_token_secret(manifest):
        return manifest
    manifest = without_annotations(manifest, "kubernetes.io/service-account.uid")
    return edited(manifest, ("data",), lambda data: without(data, *_TOKEN_KEYS))


def drop_token_usage(manifest: Manifest, _: SnapshotContext) -> Manifest:
    """When the token was last used on the primary, or became invalid there: an invalid mark would disable the new one.

    Source: labels `LastUsedLabelKey`, `InvalidSinceLabelKey` of legacy service-account tokens.
    """
    return without_labels(manifest, *_TOKEN_LABELS) if _is_token_secret(manifest) else manifest


def _is_token_secret(manifest: Manifest) -> bool:
    return manifest.get("type") == _TOKEN_TYPE


SERVICE_ACCOUNT_RULES = (drop_generated_secrets,)
SECRET_RULES = (drop_token, drop_token_usage)
