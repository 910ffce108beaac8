"""From a step's data to bytes: the case's key space, its limits and what it saved stand in for the references."""

from __future__ import annotations

import re
import struct
from typing import Any, Dict, List, NamedTuple, Optional, Set

from .frames import build_frame, build_request
from .tables import FLAG, OPCODE

VALUE_FILL = b"\x76"
KEY_FILL = b"\x6b"

# A text to repeat may end with braces: the last two of them in a row close the reference.
REFERENCE = re.compile(r"\{\{(?:([0-9]+)\*(.+?)\}\}(?!\})|([A-Za-z0-9_-]*)\}\})", re.DOTALL)

# The members of a request that are fields, by the names of their flags.
FIELDS = {"TTL": "ttl", "VERSION": "version", "TAG": "tag", "NUMBER": "number", "TOKEN": "token"}


class SuiteError(Exception):
    """A mistake in a case or in this interpreter: never the server's."""


class Facts(NamedTuple):
    """What a case can know of the target before it runs."""

    profiles: Set[str]
    limits: Dict[str, int]  # max-key, max-value, max-frame


def unmet_condition(condition: Dict[str, Any], facts: Facts) -> Optional[str]:
    """Why a condition of a case's `only` does not hold, or None if it does."""
    if "unclaimed" in condition:
        return f"the target claims {condition['unclaimed']}" if condition["unclaimed"] in facts.profiles else None
    limit = facts.limits[condition["limit"]]
    reason = f"{condition['limit']} is {limit}"
    if "below" in condition:
        return None if limit < condition["below"] else reason
    least = condition["atLeast"]
    floor = facts.limits[least] if isinstance(least, str) else least
    return None if limit * condition.get("times", 1) + condition.get("plus", 0) >= floor else reason


class Resolver:
    """prefix: the case's own; every key but a raw one has it. first_id: the id of the first request."""

    def __init__(self, prefix: str, facts: Facts, first_id: int):
        self.prefix = prefix.encode("ascii")
        self.facts = facts
        self.saved: Dict[str, int] = {}  # What earlier replies carried.
        self.keys_used: List[bytes] = []  # So that they can be removed afterwards.
        self.id = first_id

    def next_id(self) -> int:
        taken = self.id
        self.id = (taken + 1) & 0xFFFF_FFFF
        return taken

    def limit(self, name: str) -> int:
        return self.facts.limits[name]

    def key(self, key: Any) -> bytes:
        data = self.key_bytes(key)
        if data not in self.keys_used:
            self.keys_used.append(data)
        return data

    def key_bytes(self, key: Any) -> bytes:
        if isinstance(key, str):
            return self.prefix + key.encode("utf-8")
        if "raw" in key:
            return bytes.fromhex(key["raw"])
        if "lead" in key:
            return bytes.fromhex(key["lead"]) + self.prefix + bytes.fromhex(key.get("hex", ""))
        if "hex" in key:
            return self.prefix + bytes.fromhex(key["hex"])
        length = key["length"] if "length" in key else self.limit(key["limit"]) + key["plus"]
        return (self.prefix + KEY_FILL * length)[:length]

    def bytes(self, data: Any) -> bytes:
        if isinstance(data, str):
            return data.encode("utf-8")
        if "hex" in data:
            return bytes.fromhex(data["hex"])
        if "key" in data:
            return self.key(data["key"])
        if "concat" in data:
            return b"".join(self.bytes(each) for each in data["concat"])
        fill = bytes.fromhex(data["byte"])[:1] if "byte" in data else VALUE_FILL
        return fill * (data["fill"] if "fill" in data else self.limit(data["limit"]) + data["plus"])

    def text(self, template: str) -> str:
        """A JSON text in which `{{a}}` stands for the case's key `a`, and `{{3*ab}}` for `ababab`."""

        def replace(found: Any) -> str:
            times, text, name = found.groups()
            return self.key(name).decode("latin-1") if times is None else text * int(times)

        return REFERENCE.sub(replace, template)

    def number(self, numeric: Any) -> int:
        if not isinstance(numeric, dict):
            return int(numeric)
        if numeric["ref"] not in self.saved:
            raise SuiteError(f"nothing was saved as {numeric['ref']}")
        return self.saved[numeric["ref"]] + numeric.get("plus", 0)

    def piece(self, piece: Dict[str, Any]) -> bytes:
        """The bytes of one thing to send."""
        if "json" in piece:
            return build_frame(self.text(piece["json"]).encode("utf-8"))
        if "body" in piece:
            return build_frame(self.bytes(piece["body"]))
        if "hex" in piece:
            return bytes.fromhex(piece["hex"])
        if "lengthAt" in piece:
            return struct.pack(">I", (self.limit(piece["lengthAt"]) + piece["plus"]) & 0xFFFF_FFFF)
        if "part" in piece:
            return self.piece(piece["part"])[piece.get("from", 0) : piece.get("to")]
        return self.request(piece)

    def request(self, request: Dict[str, Any]) -> bytes:
        op = request["op"]
        return build_request(
            OPCODE[op] if isinstance(op, str) else op,
            request["id"] if "id" in request else self.next_id(),
            flags=sum(FLAG[name] for name in set(request.get("flags", []))),
            fields={name: self.number(request[own]) for name, own in FIELDS.items() if own in request},
            key=self.key(request["key"]) if "key" in request else b"",
            value=self.bytes(request["value"]) if "value" in request else b"",
            key_length=request.get("keyLength"),
            length=request.get("length"),
        )
