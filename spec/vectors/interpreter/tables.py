"""What stands in the JSON files beside run.py: the protocol's tables, the clauses, and the cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Optional

from .schema import Checker

VECTORS = Path(__file__).resolve().parent.parent

Case = Dict[str, Any]


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


PROTOCOL = load("protocol.json")
CLAUSES: Dict[str, Dict[str, Any]] = load("clauses.json")

FLAGS: Dict[str, Dict[str, Any]] = PROTOCOL["flags"]
FLAG: Dict[str, int] = {name: flag["bit"] for name, flag in FLAGS.items()}
OPERATIONS: Dict[str, Dict[str, Any]] = PROTOCOL["operations"]
OPCODE: Dict[str, int] = {name: operation["opcode"] for name, operation in OPERATIONS.items()}
STATUS: Dict[str, int] = PROTOCOL["statuses"]
PROFILES: Dict[str, Dict[str, Any]] = PROTOCOL["profiles"]
LIMITS: Dict[str, int] = PROTOCOL["limits"]
REPLY_BIT: int = PROTOCOL["replyBit"]

OPERATION_NAME = {opcode: name for name, opcode in OPCODE.items()}
STATUS_NAME = {status: name for name, status in STATUS.items()}

# How a frame is laid out: length u32 | opcode u8 | flags u8 | key length or status u16 | id u32 | fields | …
LENGTH_BYTES = 4
HEAD_BYTES = 8
JSON_BRACE = 0x7B


def flag_names(bits: int) -> List[str]:
    """The names of the flags set in `bits`, lowest bit first."""
    return [name for name, bit in FLAG.items() if bits & bit]


def field_bytes(bits: int) -> int:
    """How many bytes of fields these flags announce."""
    return sum(FLAGS[name]["fieldBytes"] for name in flag_names(bits))


def operation_form(operation: Optional[str], with_prefix: bool) -> Optional[Dict[str, Any]]:
    """The form that a request of this operation has; None for an operation or form that section 4 does not have."""
    entry = OPERATIONS.get(operation or "")
    return entry.get("prefix" if with_prefix else "single") if entry else None


def load_cases() -> List[Case]:
    """Every case of index.json, in its order; one that is code has the member `code` and no steps.

    Raises ValueError for a file that breaks schema.json.
    """
    checker = Checker(load("schema.json"))
    by_id: Dict[str, Case] = {}
    index = load("index.json")["cases"]
    for name in sorted({entry["file"] for entry in index if "file" in entry}):
        area = load(name)
        problem = checker.problem(area)
        if problem is not None:
            raise ValueError(f"{name} breaks schema.json: {problem}")
        by_id.update((case["id"], case) for case in area["cases"])
    return [by_id[entry["id"]] if "file" in entry else entry for entry in index]
