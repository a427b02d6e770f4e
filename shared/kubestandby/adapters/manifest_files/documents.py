"""From the bytes of a file to the manifests in it."""

from collections.abc import Iterator

from kubestandby.adapters.manifest_files.checks import WrittenManifest, manifests_of
from kubestandby.adapters.manifest_files.json_documents import NotJsonError, read_json
from kubestandby.adapters.manifest_files.yaml_documents import Document, read_yaml
from kubestandby.errors import ManifestError


def read_manifests(data: bytes, what: str) -> Iterator[WrittenManifest]:
    """Every manifest of a file of YAML or JSON; `what` is the file, for messages.

    Raises:
        ManifestError: the file is not UTF-8, not YAML or JSON, or holds something that is no manifest; the message
            is `what:line: ...`. What came before it was yielded.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + data.count(b"\n", 0, error.start)
        raise ManifestError(f"{what}:{line}: not text in UTF-8; save it as UTF-8, or leave the file out") from error
    for document in _documents(text, what):
        yield from manifests_of(document, what)


def _documents(text: str, what: str) -> Iterator[Document]:
    """As kubectl does: what starts with a brace is JSON, and if it is not, then YAML."""
    if text.lstrip()[:1] != "{":
        yield from read_yaml(text, what)
        return
    try:
        documents = list(read_json(text, what))
    except NotJsonError as not_json:
        try:
            documents = list(read_yaml(text, what))
        except ManifestError as not_yaml:
            # `{{` begins a template, of which the other reader knows what to say.
            raise (not_yaml if text.lstrip().startswith("{{") else not_json) from None
    yield from documents
