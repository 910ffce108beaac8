"""As much of JSON Schema (draft 2020-12) as schema.json uses; any other keyword is an error of the schema."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, Optional

Schema = Dict[str, Any]
Problem = Optional[str]

# Keywords that say nothing about validity by themselves.
SILENT = {"$schema", "$defs", "id", "readOnly", "prefixItems"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


class Checker:
    """Checks values against one schema and its definitions."""

    def __init__(self, root: Schema):
        self.definitions: Dict[str, Schema] = root.get("$defs", {})
        self.root = root

    def problem(self, value: Any) -> Problem:
        """What is wrong with a document, with its place, or None."""
        return self.check(value, self.root, "$")

    def check(self, value: Any, schema: Schema, path: str) -> Problem:
        if "$ref" in schema:
            return self.check(value, self.definitions[schema["$ref"].rsplit("/", 1)[1]], path)
        for keyword, argument in schema.items():
            if keyword in SILENT:
                continue
            found = KEYWORDS[keyword](self, value, argument, schema, path)
            if found is not None:
                return found
        return None

    def of_type(self, value: Any, name: str, _: Schema, path: str) -> Problem:
        # True is an int in Python, and none in JSON.
        right = isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
        return None if right else f"{path} is no {name}"

    def one_of(self, value: Any, allowed: Any, _: Schema, path: str) -> Problem:
        same = any(value == each and type(value) is type(each) for each in allowed)
        return None if same else f"{path} is none of {allowed}"

    def any_of(self, value: Any, forms: Any, _: Schema, path: str) -> Problem:
        fits = any(self.check(value, form, path) is None for form in forms)
        return None if fits else f"{path} has none of its forms: {str(value)[:200]}"

    def pattern(self, value: Any, pattern: str, _: Schema, path: str) -> Problem:
        fits = not isinstance(value, str) or re.search(pattern, value)
        return None if fits else f"{path} does not fit {pattern}"

    def properties(self, value: Any, known: Dict[str, Schema], _: Schema, path: str) -> Problem:
        if not isinstance(value, dict):
            return None
        return first(self.check(value[name], known[name], f"{path}.{name}") for name in value if name in known)

    def additional(self, value: Any, argument: Any, schema: Schema, path: str) -> Problem:
        if not isinstance(value, dict):
            return None
        others = [name for name in value if name not in schema.get("properties", {})]
        if argument is False:
            return f"{path} has the unknown member {others[0]}" if others else None
        return first(self.check(value[name], argument, f"{path}.{name}") for name in others)

    def names(self, value: Any, argument: Schema, _: Schema, path: str) -> Problem:
        names = value if isinstance(value, dict) else []
        return first(self.check(name, argument, f"{path}.{name}") for name in names)

    def required(self, value: Any, names: Any, _: Schema, path: str) -> Problem:
        return first(f"{path} lacks {name}" for name in names if isinstance(value, dict) and name not in value)

    def items(self, value: Any, argument: Any, schema: Schema, path: str) -> Problem:
        if not isinstance(value, list):
            return None
        places = schema.get("prefixItems", [])
        if argument is False and len(value) > len(places):
            return f"{path} has more than {len(places)} items"
        forms = [*places, *[argument] * (len(value) - len(places))]
        return first(self.check(each, forms[index], f"{path}[{index}]") for index, each in enumerate(value))


def bound(holds: Callable[[Any, Any], bool], kind: Any, name: str) -> Callable[..., Problem]:
    """A keyword that compares a number, or a list's length, with a bound; other types are not its business."""

    def check(_: Checker, value: Any, argument: int, __: Schema, path: str) -> Problem:
        if not isinstance(value, kind) or holds(len(value) if kind is list else value, argument):
            return None
        return f"{path} breaks {name} {argument}"

    return check


KEYWORDS: Dict[str, Callable[..., Problem]] = {
    "type": Checker.of_type,
    "const": lambda self, value, argument, schema, path: self.one_of(value, [argument], schema, path),
    "enum": Checker.one_of,
    "anyOf": Checker.any_of,
    "pattern": Checker.pattern,
    "properties": Checker.properties,
    "additionalProperties": Checker.additional,
    "propertyNames": Checker.names,
    "required": Checker.required,
    "items": Checker.items,
    "minimum": bound(lambda value, least: value >= least, int, "minimum"),
    "maximum": bound(lambda value, most: value <= most, int, "maximum"),
    "exclusiveMinimum": bound(lambda value, below: value > below, int, "exclusiveMinimum"),
    "exclusiveMaximum": bound(lambda value, above: value < above, int, "exclusiveMaximum"),
    "minItems": bound(lambda count, least: count >= least, list, "minItems"),
    "maxItems": bound(lambda count, most: count <= most, list, "maxItems"),
}


def first(problems: Iterable[Problem]) -> Problem:
    return next((problem for problem in problems if problem is not None), None)
