"""Is this resource R4 (4.0.1)? One check for everything that is written or imported.

How: `structure_types` takes the elements of each type from the R4B classes of `fhir.resources` and sets them right
where R4's own definitions say otherwise (types R4B lacks or changed, and all required bindings whose codes can be
listed); `structure` compiles them into tests. A resource is refused for an unknown or missing element, a wrong type or
cardinality, two of a choice, a primitive that is none, a code outside a required binding, anything empty or null.

Not checked: invariants beyond ele-1, ext-1 and dom-2; bindings that are not required, or whose codes cannot be listed
(MIME types, currencies, UCUM units of three elements); what a reference leads to; XHTML beyond its outer <div>.
A CodeableConcept under a required binding may be text alone; if it has codings, one must be of the binding's system.
"""

from __future__ import annotations

from typing import Any

from tools.ehr.checks import structure
from tools.ehr.checks.structure_primitives import Fault
from tools.ehr.checks.structure_types import resource_types
from tools.errors import BadInput


class Invalid(BadInput):
    """A resource that is not R4; `place` is the element, as FHIRPath writes it."""

    place: str = ""


def is_type(kind: str) -> bool:
    """Whether R4 has this resource type."""
    return kind in resource_types()


def check(resource: Any, where: str = "resource") -> None:
    """Check one resource.

    Raises:
        Invalid: it is not R4; the message says where and what.
    """
    try:
        structure.resource(resource)
    except Fault as fault:
        raise _invalid(resource, where, fault) from None
    except RecursionError:
        raise _invalid(resource, where, Fault("is nested too deeply", "too many levels", "fewer levels")) from None


def _invalid(resource: Any, where: str, fault: Fault) -> Invalid:
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    name = f"{where} ({kind}/{resource.get('id', 'no id')})" if is_type(str(kind)) else where
    text = f"{name}: {fault.place} {fault.message}" if fault.place else f"{name}: {fault.message}"
    error = Invalid(text, found=fault.found, expected=str(fault.expected), action="correct the resource")
    error.place = f"{kind}.{fault.place}" if fault.place else str(kind or "")
    return error
