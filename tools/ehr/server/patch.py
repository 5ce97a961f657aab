"""PATCH: a JSON Patch (RFC 6902) by `jsonpatch`. FHIRPath patches are refused by name."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch

from tools.ehr.fhirjson import Resource
from tools.ehr.server.answers import PATCH_MEDIA, Call, Problem, json_body

MAX_OPERATIONS, MAX_COPIES, MAX_NODES = 1000, 50, 100_000


def patched(call: Call, resource: Resource) -> Resource:
    """The resource with the patch of the call applied; what results is checked by the caller.

    Raises:
        Problem: no JSON Patch (415, 400), or one that does not apply (422).
    """
    operations = json_body(call, PATCH_MEDIA)
    if not isinstance(operations, list) or not all(isinstance(item, dict) for item in operations):
        raise Problem(400, "invalid", "found no list of operations; expected a JSON Patch (RFC 6902)")
    if len(operations) > MAX_OPERATIONS:
        raise Problem(413, "too-costly", f"found {len(operations)} operations; expected at most {MAX_OPERATIONS}")
    if sum(item.get("op") == "copy" for item in operations) > MAX_COPIES:
        raise Problem(413, "too-costly", f"expected at most {MAX_COPIES} copy operations")
    made: Any = copy.deepcopy(resource)
    try:
        for operation in operations:
            # A copy of the whole into itself, some fifty times over, would fill any memory.
            if operation.get("op") == "copy" and _nodes(made) > MAX_NODES:
                raise Problem(413, "too-costly", f"the patch makes more than {MAX_NODES} elements")
            made = jsonpatch.JsonPatch([operation]).apply(made, in_place=True)
    except jsonpatch.JsonPatchTestFailed as error:
        raise Problem(422, "conflict", f"a test of the patch fails: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        raise Problem(422, "processing", f"the patch does not apply: {error}") from error
    except (TypeError, KeyError, ValueError, IndexError, AttributeError, RecursionError) as error:
        raise Problem(400, "invalid", f"the patch cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(made, dict):
        raise Problem(422, "invalid", "the patch leaves no resource")
    for key in ("id", "resourceType"):
        if made.get(key) != resource[key]:
            raise Problem(422, "invalid", f"the patch changes {key}, which stays as it is", expression=key)
    return made


def _nodes(value: Any) -> int:
    """How many values a document holds."""
    if isinstance(value, dict):
        return 1 + sum(_nodes(item) for item in value.values())
    return 1 + sum(_nodes(item) for item in value) if isinstance(value, list) else 1
