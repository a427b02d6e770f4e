"""Knative's two kinds as CRDs with structural schemas, so that an API server checks names and types of fields.

Written from what Knative documents: its Serving API specification 1.0 (knative/specs), which fields of a Pod a Service
may have (knative/serving, pkg/apis/serving/fieldmask.go), and PingSource's reference (knative.dev, sources/v1). Only
fields that those name are in here: strict validation refuses every other. What Knative's own webhooks check beyond
that (bounds, feature flags) is not checked by it.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
QUANTITY: Schema = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
QUANTITIES: Schema = {"type": "object", "additionalProperties": QUANTITY}


def fields(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def many(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values)}


_KEY = fields("key", "name", key=TEXT, name=TEXT, optional=FLAG)
_ITEMS = many(fields("key", "path", key=TEXT, path=TEXT, mode=NUMBER))
_FROM = fields("name", name=TEXT, items=_ITEMS, optional=FLAG)
_TOKEN = fields("path", audience=TEXT, expirationSeconds=NUMBER, path=TEXT)
_ENV = fields("name", name=TEXT, value=TEXT, valueFrom=fields(configMapKeyRef=_KEY, secretKeyRef=_KEY))
_HTTP = fields(path=TEXT, port=QUANTITY, scheme=_one_of("HTTP", "HTTPS"))
_PROBE = fields(
    httpGet=_HTTP,
    tcpSocket=fields(port=QUANTITY),
    initialDelaySeconds=NUMBER,
    timeoutSeconds=NUMBER,
    periodSeconds=NUMBER,
    successThreshold=NUMBER,
    failureThreshold=NUMBER,
)
_SECURITY = fields(
    runAsUser=NUMBER,
    runAsGroup=NUMBER,
    runAsNonRoot=FLAG,
    readOnlyRootFilesystem=FLAG,
    allowPrivilegeEscalation=FLAG,
    capabilities=fields(add=many(TEXT), drop=many(TEXT)),
    seccompProfile=fields("type", type=_one_of("RuntimeDefault", "Localhost", "Unconfined"), localhostProfile=TEXT),
)
_CONTAINER = fields(
    "image",
    name=TEXT,
    image=TEXT,
    imagePullPolicy=_one_of("Always", "IfNotPresent", "Never"),
    command=many(TEXT),
    args=many(TEXT),
    workingDir=TEXT,
    env=many(_ENV),
    ports=many(fields(containerPort=NUMBER, name=_one_of("http1", "h2c"), protocol=_one_of("TCP"))),
    resources=fields(limits=QUANTITIES, requests=QUANTITIES),
    readinessProbe=_PROBE,
    livenessProbe=_PROBE,
    securityContext=_SECURITY,
    volumeMounts=many(fields("name", "mountPath", name=TEXT, mountPath=TEXT, subPath=TEXT, readOnly=FLAG)),
)
_VOLUME = fields(
    "name",
    name=TEXT,
    configMap=_FROM,
    secret=fields("secretName", secretName=TEXT, items=_ITEMS, defaultMode=NUMBER, optional=FLAG),
    projected=fields(
        defaultMode=NUMBER, sources=many(fields(configMap=_FROM, secret=_FROM, serviceAccountToken=_TOKEN))
    ),
    emptyDir=fields(medium=TEXT, sizeLimit=QUANTITY),
)
_REVISION = fields(
    "containers",
    serviceAccountName=TEXT,
    enableServiceLinks=FLAG,
    imagePullSecrets=many(fields(name=TEXT)),
    containerConcurrency=NUMBER,
    timeoutSeconds=NUMBER,
    responseStartTimeoutSeconds=NUMBER,
    idleTimeoutSeconds=NUMBER,
    containers=many(_CONTAINER),
    volumes=many(_VOLUME),
)
_TEMPLATE = fields("spec", metadata=fields(name=TEXT, annotations=TEXTS, labels=TEXTS), spec=_REVISION)
_TRAFFIC = many(fields(revisionName=TEXT, tag=TEXT, latestRevision=FLAG, percent=NUMBER))
SERVICE = fields("spec", spec=fields("template", template=_TEMPLATE, traffic=_TRAFFIC))

_REFERENCE = fields("kind", "name", apiVersion=TEXT, kind=TEXT, name=TEXT, namespace=TEXT)
_PING = fields(
    "sink",
    schedule=TEXT,
    timezone=TEXT,
    contentType=TEXT,
    data=TEXT,
    dataBase64=TEXT,
    sink=fields(ref=_REFERENCE, uri=TEXT),
    ceOverrides=fields(extensions=TEXTS),
)
PING_SOURCE = fields("spec", spec=_PING)


def definition(group: str, kind: str, plural: str, schema: Schema) -> Mapping[str, Any]:
    """The CRD of a kind."""
    names = {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


DEFINITIONS = (
    definition("serving.knative.dev", "Service", "services", SERVICE),
    definition("sources.knative.dev", "PingSource", "pingsources", PING_SOURCE),
)
