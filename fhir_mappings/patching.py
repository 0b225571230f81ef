"""Patches: a list of small changes to a resource as it stands (RFC 6902), or what is to differ.

https://hl7.org/fhir/R4/http.html#patch: FHIR R4 names JSON Patch, XML Patch and FHIRPath Patch.
JSON Patch is taken, and JSON Merge Patch (RFC 7396) beside it, since widespread clients send it.
"""

from collections.abc import Mapping
from typing import Any

from jsonpatch import JsonPatch, JsonPatchConflict, JsonPatchException, JsonPatchTestFailed
from jsonpointer import JsonPointerException

from app.errors import Malformed, Problem, Unprocessable
from fhir_mappings.json_text import MAX_DEPTH, read_json, write_json

Patch = list[Any] | Mapping[str, Any]
"""JSON Patch, or a JSON Merge Patch where it is an object."""

MAX_OPERATIONS = 200
MAX_RESULT = 16 * 1024 * 1024
"""Bytes that a patched resource may come to: each ``copy`` could double it."""

_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})


class PatchNotFit(Unprocessable):
    """The patch does not fit the resource as it stands."""

    code = "patch-not-fit"


def read_patch(body: bytes) -> Patch:
    """The patch in a body, its decimals with every digit; raises Malformed and says where."""
    held = (
        read_json(b'{"patch":' + body.removeprefix(b"\xef\xbb\xbf") + b"}") if body.strip() else {}
    )
    patch = held.get("patch")
    if len(held) != 1 or not isinstance(patch, list | dict):
        raise Malformed("Send a list of operations (JSON Patch, RFC 6902).")
    if isinstance(patch, list):
        _check_operations(patch)
    return patch


def _check_operations(operations: list[Any]) -> None:
    if len(operations) > MAX_OPERATIONS:
        raise Malformed(f"Send at most {MAX_OPERATIONS} operations in one patch.")
    problems = [
        Problem(f"[{index}]", words)
        for index, one in enumerate(operations)
        if (words := _fault(one))
    ]
    if problems:
        raise Malformed("The patch is not JSON Patch (RFC 6902).", problems)


def _fault(operation: Any) -> str:
    op = operation.get("op") if isinstance(operation, dict) else None
    if not isinstance(op, str) or op not in _OPERATIONS:
        return f"Name an op: {', '.join(sorted(_OPERATIONS))}."
    needed = {"path": str}
    if operation["op"] in ("move", "copy"):
        needed["from"] = str
    for name, kind in needed.items():
        if not isinstance(operation.get(name), kind):
            return f"'{name}' is missing: a JSON Pointer such as /status."
    if operation["op"] in ("add", "replace", "test") and "value" not in operation:
        return "'value' is missing."
    return ""


def patched(resource: Mapping[str, Any], patch: Patch, where: str = "") -> dict[str, Any]:
    """The resource with the patch applied, whole or not at all; raises PatchNotFit and where."""
    found: Any = read_json(write_json(resource))
    if isinstance(patch, Mapping):
        return _named_as_before(_merged(found, patch), resource)
    for index, operation in enumerate(patch):
        found = _applied(found, operation, f"{where}[{index}]")
    return _named_as_before(found, resource)


def _applied(found: Any, operation: Mapping[str, Any], place: str) -> Any:
    try:
        changed = JsonPatch([operation]).apply(found, in_place=True)
    except JsonPatchTestFailed:
        raise PatchNotFit(
            "A test of the patch does not hold.", [_problem(operation, place)]
        ) from None
    except (JsonPatchConflict, JsonPatchException, JsonPointerException, TypeError, ValueError):
        words = "An operation of the patch names nothing that is there."
        raise PatchNotFit(words, [_problem(operation, place)]) from None
    if operation["op"] not in ("test", "remove") and not _is_bounded(changed):
        raise PatchNotFit("The patched resource is too large.", [_problem(operation, place)])
    return changed


def _problem(operation: Mapping[str, Any], place: str) -> Problem:
    return Problem(place, f"{operation['op']} {operation['path'][:200]}")


def _is_bounded(value: Any) -> bool:
    """Neither too large when it is written nor too deep; a list in two places counts twice."""
    size, waiting = 0, [(value, 0)]
    while waiting:
        node, depth = waiting.pop()
        size += len(node) if isinstance(node, str) else 8
        if size > MAX_RESULT or depth > MAX_DEPTH:
            return False
        if isinstance(node, dict):
            size += sum(map(len, node))
            waiting.extend((child, depth + 1) for child in node.values())
        elif isinstance(node, list):
            waiting.extend((child, depth + 1) for child in node)
    return True


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396: what is named is replaced, null takes away."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merged(found.get(name), value)
    return found


def _named_as_before(found: Any, resource: Mapping[str, Any]) -> dict[str, Any]:
    """A patch changes what a resource says, never which one it is."""
    if not isinstance(found, dict):
        raise PatchNotFit("A patch leaves a resource.", [Problem("", "Nothing is left of it.")])
    for name in ("resourceType", "id"):
        if found.get(name) != resource.get(name):
            kind = resource.get("resourceType")
            raise PatchNotFit(
                f"A patch cannot change the {name}.", [Problem(f"{kind}.{name}", "Leave it.")]
            )
    return found
