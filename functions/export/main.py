"""HTTP entry of the export function: wires its handlers to the runtime, nothing else."""

import flask
import functions_framework

from kubestandby.layout import Function
from kubestandby.runtime.function_app import function_app

from .handler import handlers

_APP = function_app(Function.EXPORT, handlers)


@functions_framework.http
def export(request: flask.Request) -> flask.Response:
    """Answers one HTTP call; `kubestandby.runtime.function_app` says how."""
    return _APP.serve(request)
