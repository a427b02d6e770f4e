"""What keeps restored Pods from the nodes: the part of the admission policy that looks into pod templates. Pure data.

As the level `baseline` of the Pod Security Standards, in what gives a Pod hold of its node
(kubernetes.io/docs/concepts/security/pod-security-standards).
"""

_SPEC_BY_RESOURCE = """
variables.deletes || variables.sub != "" ? []
: variables.resource == "pods" ? [object.spec]
: variables.resource == "podtemplates" && has(object.template) && has(object.template.spec) ? [object.template.spec]
: variables.resource == "cronjobs.batch" ? [object.spec.jobTemplate.spec.template.spec]
: variables.resource in ["replicationcontrollers", "deployments.apps", "daemonsets.apps", "replicasets.apps",
  "statefulsets.apps", "jobs.batch"] && has(object.spec.template) && has(object.spec.template.spec)
  ? [object.spec.template.spec]
: []
"""

_CAPABILITIES = (
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
)
"""Which a container may add at this level: those that it has by default."""

_NAMES = ", ".join(f'"{name}"' for name in _CAPABILITIES)

_ALLOWED = 'variables.place in params.data.privilegedNamespaces.split("\\n")'

POD_VARIABLES = (
    {"name": "podSpecs", "expression": " ".join(_SPEC_BY_RESOURCE.split())},
    {
        "name": "containers",
        "expression": "variables.podSpecs.map(s, (has(s.containers) ? s.containers : [])"
        " + (has(s.initContainers) ? s.initContainers : []))",
    },
)

POD_VALIDATIONS = (
    {
        "expression": f"{_ALLOWED} || variables.podSpecs.all(s, !(has(s.hostNetwork) && s.hostNetwork)"
        " && !(has(s.hostPID) && s.hostPID) && !(has(s.hostIPC) && s.hostIPC))",
        "message": "a restore makes no Pods in the node's namespaces (spec.rights.privilegedPods)",
        "reason": "Forbidden",
    },
    {
        "expression": f"{_ALLOWED} || variables.podSpecs.all(s, !has(s.volumes) || s.volumes.all(v, !has(v.hostPath)))",
        "message": "a restore makes no Pods with paths of the node (spec.rights.privilegedPods)",
        "reason": "Forbidden",
    },
    {
        "expression": f"{_ALLOWED} || variables.containers.all(some, some.all(c, !has(c.securityContext)"
        " || !(has(c.securityContext.privileged) && c.securityContext.privileged)))",
        "message": "a restore makes no privileged containers (spec.rights.privilegedPods)",
        "reason": "Forbidden",
    },
    {
        "expression": f"{_ALLOWED} || variables.containers.all(some, some.all(c, !has(c.securityContext)"
        " || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add)"
        f" || c.securityContext.capabilities.add.all(one, one in [{_NAMES}])))",
        "message": "a restore makes no containers with more capabilities than usual (spec.rights.privilegedPods)",
        "reason": "Forbidden",
    },
)
"""Unless the namespace belongs to a group whose configuration allows privileged Pods."""
