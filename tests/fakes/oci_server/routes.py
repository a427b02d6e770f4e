"""Which operation a request asks for."""

from __future__ import annotations

from tests.fakes.oci_server.multipart import Multipart
from tests.fakes.oci_server.object_storage import ObjectStorage
from tests.fakes.oci_server.wire import Answer, RefusedError, Request, as_json


class ObjectStorageRoutes:
    def __init__(self, storage: ObjectStorage, multipart: Multipart) -> None:
        self._storage = storage
        self._multipart = multipart

    def signs_body(self, request: Request) -> bool:
        """Bodies are signed but those of objects and parts ("Special Instructions for Object Storage PUT")."""
        return request.method in ("POST", "PATCH") or (
            request.method == "PUT" and request.path[4:5] not in (("o",), ("u",))
        )

    def answer(self, request: Request) -> Answer:
        path = request.path
        if path == ("n",):
            return as_json("axtest")
        if len(path) < 5 or (path[0], path[2]) != ("n", "b"):
            raise RefusedError(404, "NotFound")
        bucket = self._storage.bucket(request.region, path[1], path[3])
        name = path[5] if len(path) > 5 else ""
        storage, multipart = self._storage, self._multipart
        routes = {
            ("GET", "o", False): lambda: storage.list(bucket, request),
            ("PUT", "o", True): lambda: storage.put(bucket, name, request),
            ("GET", "o", True): lambda: storage.get(bucket, name, request),
            ("HEAD", "o", True): lambda: storage.head(bucket, name),
            ("DELETE", "o", True): lambda: storage.delete(bucket, name),
            ("POST", "u", False): lambda: multipart.begin(bucket, request),
            ("PUT", "u", True): lambda: multipart.put_part(bucket, name, request),
            ("POST", "u", True): lambda: multipart.commit(bucket, name, request),
            ("DELETE", "u", True): lambda: multipart.give_up(bucket, name, request),
        }
        route = routes.get((request.method, path[4], bool(name)))
        if route is None:
            raise RefusedError(405, "MethodNotAllowed")
        return route()
