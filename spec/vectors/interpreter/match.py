"""Whether what came is what a case expects, and in words what is different."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from . import jsontext
from .frames import BinaryReply, Closed, Entry, Garbage, Incoming, JsonReply, TimedOut
from .frames import entries_to_texts, parse_entries, show, utf8_or_none
from .resolve import FIELDS, Resolver
from .tables import STATUS_NAME

Expected = Dict[str, Any]

# Whether these fields are there is for the form of a reply to say (shape.py); a case may leave them open.
DECIDED_BY_FORM = {"VERSION", "NUMBER", "TOKEN"}


def statuses_of(expected: Expected) -> List[int]:
    status = expected["status"]
    return status if isinstance(status, list) else [status]


def difference(expected: Expected, came: Incoming, resolver: Resolver) -> Optional[str]:
    """The difference in words, or None if this is what was expected."""
    if "closed" in expected:
        if not isinstance(came, Closed):
            return describe_incoming(came)
        cut = came.partial_bytes > 0
        return f"closed in the middle of a reply, after {came.partial_bytes} bytes" if cut else None
    if "json" in expected:
        return json_problem(expected, came, resolver) if isinstance(came, JsonReply) else describe_incoming(came)
    return binary_problem(expected, came, resolver) if isinstance(came, BinaryReply) else describe_incoming(came)


def json_problem(expected: Expected, came: JsonReply, resolver: Resolver) -> Optional[str]:
    if came.status != expected["json"]:
        return describe_incoming(came)
    if "value" not in expected:
        return None
    if came.value is None:
        return "no value"
    want = jsontext.parse_json(resolver.text(expected["value"]))
    found = jsontext.difference(want, came.value, expected.get("exact", False))
    return None if found is None else f"{found}: {show(came.text.encode('utf-8'), 200)}"


def binary_problem(expected: Expected, came: BinaryReply, resolver: Resolver) -> Optional[str]:
    if came.status not in statuses_of(expected):
        return describe_incoming(came)
    for name, own in FIELDS.items():
        problem = field_problem(name, expected.get(own), came.fields.get(name), resolver)
        if problem is not None:
            return problem
    return value_problem(expected, came, resolver)


def field_problem(name: str, want: Any, came: Optional[int], resolver: Resolver) -> Optional[str]:
    if want is None:
        return None if came is None or name in DECIDED_BY_FORM else f"{name} {came}, where none belongs"
    if came is None:
        return f"no {name}"
    return None if numeric_fits(want, came, resolver) else f"{name} {came}"


def numeric_fits(want: Any, came: int, resolver: Resolver) -> bool:
    if want == "any":
        return True
    if isinstance(want, dict):
        if "above" in want:
            return came > resolver.number({"ref": want["above"]})
        if "not" in want:
            return came != resolver.number({"ref": want["not"]})
        if "min" in want:
            return int(want["min"]) <= came <= int(want["max"])
    return came == resolver.number(want)


def value_problem(expected: Expected, came: BinaryReply, resolver: Resolver) -> Optional[str]:
    if "value" in expected and resolver.bytes(expected["value"]) != came.value:
        return f"the value {show(came.value)}"
    if "valueJson" in expected:
        text = utf8_or_none(came.value)
        if text is None:
            return f"a value that is no UTF-8: {show(came.value)}"
        want = jsontext.parse_json(resolver.text(expected["valueJson"]))
        try:
            found = jsontext.difference(want, jsontext.parse_json(text), exact=False)
        except jsontext.JsonError as error:
            return f"a value that is no JSON ({error}): {show(came.value)}"
        if found is not None:
            return found
    if "entries" in expected:
        return entries_problem(expected["entries"], parse_entries(came.value)[0], resolver)
    if "includes" in expected:
        return includes_problem(expected["includes"], parse_entries(came.value)[0])
    return None


def entries_problem(expected: List[Any], came: List[Entry], resolver: Resolver) -> Optional[str]:
    if len(expected) != len(came):
        return f"{len(came)} entries, not {len(expected)}: the entries {show_entries(came)}"
    wanted = [(resolver.key(key), resolver.bytes(value)) for key, value in expected]
    return None if wanted == came else f"the entries {show_entries(came)}"


def includes_problem(expected: Dict[str, str], came: List[Entry]) -> Optional[str]:
    texts = entries_to_texts(came)
    for name, want in expected.items():
        if name not in texts:
            return f"no entry {name} among {', '.join(texts)}"
        pattern = re.fullmatch(r"/(.*)/", want, re.DOTALL)
        fits = texts[name] == want if pattern is None else re.fullmatch(pattern[1], texts[name])
        if not fits:
            return f"the entry {name} = {show(texts[name].encode('utf-8'))}"
    return None


def show_entries(entries: List[Entry]) -> str:
    return " ".join(f"{show(key)}={show(value)}" for key, value in entries) or "(none)"


def status_text(status: int) -> str:
    return f"{status} {STATUS_NAME[status]}" if status in STATUS_NAME else str(status)


def describe_incoming(came: Incoming) -> str:
    """What came, in words."""
    if isinstance(came, TimedOut):
        return f"no reply within {came.waited_seconds * 1000:.0f} ms"
    if isinstance(came, Closed):
        how = "the connection was reset" if came.by_reset else "the connection was closed"
        return f"{how} after {came.partial_bytes} bytes of a reply" if came.partial_bytes > 0 else how
    if came.problem is not None:
        return came.problem
    if isinstance(came, JsonReply):
        return f"the envelope {show(came.text.encode('utf-8'), 200)}"
    fields = [f"{name} {value}" for name, value in came.fields.items()]
    value = [f"the value {show(came.value)}"] if came.value else []
    return ", ".join([status_text(came.status), *fields, *value])


def describe_expected(expected: Expected, resolver: Resolver) -> str:
    """What was expected, in words. Raises SuiteError for a reference to what was never saved."""
    name = f"{expected['as']}: " if "as" in expected else ""
    if "closed" in expected:
        return f"{name}the connection is closed"
    if "json" in expected:
        value = f" with the value {resolver.text(expected['value'])}" if "value" in expected else ""
        return f"{name}an envelope with status_code {expected['json']}{value}"
    parts = [" or ".join(status_text(status) for status in statuses_of(expected))]
    parts += [f"{flag} {describe_numeric(expected[own], resolver)}" for flag, own in FIELDS.items() if own in expected]
    if "value" in expected:
        parts.append(f"the value {show(resolver.bytes(expected['value']))}")
    if "valueJson" in expected:
        parts.append(f"the value {resolver.text(expected['valueJson'])}")
    if "entries" in expected:
        entries = [(resolver.key(key), resolver.bytes(value)) for key, value in expected["entries"]]
        parts.append(f"the entries {show_entries(entries)}")
    if "includes" in expected:
        parts.append(f"the entries {' '.join('='.join(pair) for pair in expected['includes'].items())}")
    return name + ", ".join(parts)


def describe_numeric(want: Any, resolver: Resolver) -> str:
    if not isinstance(want, dict):
        return str(want)
    if "above" in want:
        return f"above {resolver.number({'ref': want['above']})}"
    if "not" in want:
        return f"other than {resolver.number({'ref': want['not']})}"
    if "min" in want:
        return f"from {want['min']} to {want['max']}"
    return str(resolver.number(want))


def has_status(expected: Expected, came: Incoming) -> bool:
    """Whether the status, if nothing else, is the expected one."""
    if isinstance(came, JsonReply):
        return "json" in expected and came.status == expected["json"]
    return isinstance(came, BinaryReply) and "status" in expected and came.status in statuses_of(expected)


def failure_code(came: Incoming) -> str:
    """How it is called that this came in place of what was expected."""
    if isinstance(came, TimedOut):
        return "no-reply"
    if isinstance(came, Closed):
        return "closed"
    if isinstance(came, Garbage):
        return "garbage"
    return "wrong-form" if came.status is None else f"status-{came.status}"
