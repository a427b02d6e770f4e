"""HTTP entry of the restore function: wires its handlers to the runtime, nothing else."""

import flask
import functions_framework

from kubestandby.layout import Function
from kubestandby.runtime.function_app import function_app

from .handler import handlers

_APP = function_app(Function.RESTORE, handlers)


@functions_framework.http
def restore(request: flask.Request) -> flask.Response:
    """Answers one HTTP call; `kubestandby.runtime.function_app` says how."""
    return _APP.serve(request)
