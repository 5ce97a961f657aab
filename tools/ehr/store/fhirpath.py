"""Values at the places of a search parameter.

The places of the table are walked by closures made once. What the table leaves to FHIRPath (`=EXPRESSION`) is evaluated
by fhirpathpy, which also is the judge: a test compares both on every example of the specification.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, cast

from tools.ehr.fhirjson import Resource
from tools.ehr.store.search_parameters import Parameter, Place

Walker = Callable[[Any], Iterator[Any]]


def test_of(key: str) -> tuple[str, str, str]:
    """`telecom[system=phone]` as key, element and text; the latter two empty where there is no test."""
    name, _, rest = key.partition("[")
    element, _, text = rest.rstrip("]").partition("=")
    return name, element, text


@functools.cache
def walker(keys: tuple[str, ...]) -> Walker:
    """What leads from an element to the values at the end of some keys; lists are walked through."""
    if not keys:
        return lambda value: iter([value])
    name, element, text = test_of(keys[0])
    rest = walker(keys[1:])

    def walk(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            found = value[name]
            for item in found if isinstance(found, list) else [found]:
                if item is not None and (not element or (isinstance(item, dict) and item.get(element) == text)):
                    yield from rest(item)

    return walk


@functools.cache
def compiled(expression: str) -> Callable[[Resource], list[Any]]:
    """An expression of FHIRPath; the library (and its grammar) is loaded when the first is needed."""
    from fhirpathpy import compile as compile_path  # 70 ms that most starts do not need
    from fhirpathpy.models import models

    run: Any = compile_path(expression, model=models["r4"])
    return cast("Callable[[Resource], list[Any]]", run)


def values(place: Place, resource: Resource) -> list[Any]:
    """The values at a place of a resource."""
    if place.expression:
        try:
            return compiled(place.expression)(resource)
        except Exception:  # the library raises plain Exceptions on data it did not expect: no value that could be found
            return []
    return list(walker(place.keys)(resource))


def evaluate(parameter: Parameter, resource: Resource) -> list[Any]:
    """All values of a parameter (not of a composite) in a resource; the type of a reference's target is not judged."""
    return [value for atom in parameter.atoms for item in atom.places for value in values(item, resource)]
