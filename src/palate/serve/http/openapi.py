"""The description of the API, OpenAPI 3.1, made of the types that are in force."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

import palate
from palate.serve.http.metrics import MEDIA_TYPE as METRICS_TYPE
from palate.serve.http.operations import EVENT_STREAM, Operation
from palate.serve.http.problems import MEDIA_TYPE as PROBLEM_TYPE
from palate.serve.http.replies import Problem

_REFERENCE: Final = "#/components/schemas/{name}"


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The description as plain values."""
    types = list(
        dict.fromkeys(
            kind
            for operation in operations
            for kind in (operation.body, operation.query, operation.reply)
            if kind not in (None, bytes)
        )
    )
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    schema_of = dict(zip(types, schemas, strict=False))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, schema_of, components)
        if operation.makes:
            made = described["responses"][str(operation.status)]
            made["links"] = _links(operation, operations)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "palate",
            "version": palate.__version__,
            "summary": "A run of palate that answers for what people did a second ago.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    operation: Operation, schema_of: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {
            str(status): _response(operation, status, schema_of) for status in operation.statuses()
        },
    }
    parameters = _parameters(operation, schema_of, components)
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        content: dict[str, Any] = {"schema": schema_of[operation.body]}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    if operation.role is not None:
        described["security"] = [{"key": [operation.role]}, {}]
        described["description"] = f"Needs a key with the role {operation.role}."
    return described


def _links(operation: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    """What can be done with what was made."""
    return {
        other.name: {"operationId": other.name, "parameters": {"id": operation.makes}}
        for other in operations
        if other.path.startswith(f"{operation.path}/{{id}}")
    }


def _parameters(
    operation: Operation, schema_of: dict[Any, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    found = []
    if "{id}" in operation.path:
        limits = {"type": "string", "minLength": 1, "maxLength": 512}
        found.append({"name": "id", "in": "path", "required": True, "schema": limits})
    if operation.query is not None:
        name = schema_of[operation.query]["$ref"].rpartition("/")[2]
        found += [
            {"name": field, "in": "query", "required": False, "schema": schema}
            for field, schema in components[name]["properties"].items()
        ]
    return found


def _response(operation: Operation, status: int, schema_of: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status != operation.status:
        problem = {"$ref": _REFERENCE.format(name=Problem.__name__)}
        described["content"] = {PROBLEM_TYPE: {"schema": problem}}
    elif operation.reply is bytes:
        described["content"] = {METRICS_TYPE: {"schema": {"type": "string"}}}
    elif operation.reply is not None:
        described["content"] = {"application/json": {"schema": schema_of[operation.reply]}}
        if operation.streams:
            described["content"][EVENT_STREAM] = {"schema": {"type": "string"}}
    return described
