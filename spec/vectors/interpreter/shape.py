"""The form of a reply to a given request, as sections 2 and 4 fix it.

It is checked for every reply of every case, whatever the case is about. Whether it is the right reply is for the case.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from .frames import BinaryDue, BinaryReply, Due, Entry, FramingDue, JsonDue, JsonReply, Reply
from .frames import parse_entries, show, utf8_or_none
from .jsontext import JsonError, Scanner
from .tables import FLAG, LIMITS, REPLY_BIT, STATUS, STATUS_NAME, flag_names, operation_form


class ShapeProblem(NamedTuple):
    clause: str
    text: str


def shape_problem(due: Due, reply: Reply) -> Optional[ShapeProblem]:
    """What is wrong with the reply's form, or None."""
    if reply.problem is not None:
        return ShapeProblem("JSON-1" if isinstance(reply, JsonReply) else "FRAME-6", reply.problem)
    if isinstance(due, FramingDue):
        return framing_shape(due, reply)
    if isinstance(due, JsonDue):
        return json_shape(due, reply)
    if isinstance(reply, JsonReply):
        return ShapeProblem("JSON-5", "a JSON reply to a binary request")
    return binary_shape(due, reply)


def framing_shape(due: FramingDue, reply: Reply) -> Optional[ShapeProblem]:
    clause = "FRAME-4" if due.status == STATUS["TOO_LARGE"] else "FRAME-3"
    if isinstance(reply, JsonReply):
        return ShapeProblem(clause, "a JSON reply to a framing error")
    if reply.opcode == REPLY_BIT and reply.id == 0 and reply.status == due.status:
        return error_shape(reply)
    text = f"a framing error is answered with opcode 80, status {due.status} and id 0, if at all"
    return ShapeProblem(clause, text)


def json_shape(due: JsonDue, reply: Reply) -> Optional[ShapeProblem]:
    if not isinstance(reply, JsonReply):
        return ShapeProblem("JSON-5", "a binary reply to a JSON request")
    if reply.status == STATUS["OK"] and reply.value is None and command_of(due) == "GET":
        return ShapeProblem("JSON-1", "a GET that found its key is answered without value")
    return status_shape(reply.status)


def command_of(due: JsonDue) -> Optional[str]:
    try:
        document = Scanner(due.text).document()
    except JsonError:
        return None
    if document.type != "object":
        return None
    # Of equal names the last counts, as most parsers have it.
    command = dict(document.content).get("command")
    return command.content if command is not None and command.type == "string" else None


def status_shape(status: Optional[int]) -> Optional[ShapeProblem]:
    known = status in STATUS_NAME
    return None if known else ShapeProblem("STATUS-1", f"status {status} is not in section 3")


def binary_shape(due: BinaryDue, reply: BinaryReply) -> Optional[ShapeProblem]:
    opcode = due.opcode | REPLY_BIT
    if reply.opcode != opcode:
        return ShapeProblem("FRAME-5", f"the reply's opcode is {reply.opcode:x}, not {opcode:x}")
    if reply.id != due.id:
        return ShapeProblem("FRAME-5", f"the reply's id is {reply.id}, not {due.id}")
    if reply.status not in STATUS_NAME:
        return status_shape(reply.status)
    if reply.status == STATUS["NOT_FOUND"] and due.operation == "GET" and due.is_quiet:
        return ShapeProblem("FRAME-10", "a miss was answered in spite of QUIET")
    return error_shape(reply) if reply.status >= STATUS["BAD_REQUEST"] else success_shape(due, reply)


def error_shape(reply: BinaryReply) -> Optional[ShapeProblem]:
    if reply.flags != 0:
        return ShapeProblem("FRAME-11", f"an error with the fields {', '.join(flag_names(reply.flags))}")
    if utf8_or_none(reply.value) is None:
        return ShapeProblem("FRAME-11", f"an explanation that is no UTF-8: {show(reply.value)}")
    return None


def success_shape(due: BinaryDue, reply: BinaryReply) -> Optional[ShapeProblem]:
    with_prefix = bool(due.flags & FLAG["PREFIX"])
    form = operation_form(due.operation, with_prefix)
    if form is None:
        text = f"status {reply.status} for an opcode or form that section 4 does not have"
        return ShapeProblem("FRAME-8", text)
    lists = due.operation == "KEYS" or (due.operation == "GET" and with_prefix)
    if reply.status == STATUS["PARTIAL"] and not lists:
        return ShapeProblem("STATUS-1", "206 for what is no listing")
    if due.is_quiet and due.operation != "GET":
        return ShapeProblem("FRAME-10", f"status {reply.status} was sent in spite of QUIET")
    return field_shape(due, form, reply) or range_shape(reply) or value_shape(due, form, reply, lists)


def field_shape(due: BinaryDue, form: dict, reply: BinaryReply) -> Optional[ShapeProblem]:
    detail = bool(due.flags & FLAG["DETAIL"])
    must = list(form["reply"]["fields"])
    may: List[str] = []
    if due.operation == "GET" and not due.flags & FLAG["PREFIX"]:
        must = [name for name in must if name != "TAG"]
        may = ["TAG", "TTL"] if detail else ["TAG"]
    if detail:
        must.append("VERSION")
    for name in must:
        if not reply.flags & FLAG[name]:
            return ShapeProblem("VERSION-3" if name == "VERSION" else "FRAME-6", f"the reply lacks the field {name}")
    for name in flag_names(reply.flags):
        if name not in must and name not in may:
            text = f"the reply carries the field {name}, which section 4 does not give it"
            return ShapeProblem("FRAME-6", text)
    return None


def range_shape(reply: BinaryReply) -> Optional[ShapeProblem]:
    if reply.fields.get("TAG") == 0:
        return ShapeProblem("GET-1", "the reply carries a TAG of 0")
    if reply.fields.get("TTL") == 0:
        return ShapeProblem("GET-2", "the reply carries a TTL of 0")
    for name, clause in (("VERSION", "VERSION-1"), ("TOKEN", "LOCK-1")):
        counter = reply.fields.get(name)
        if counter is not None and not 1 <= counter <= LIMITS["COUNTER_MAX"]:
            return ShapeProblem(clause, f"{name} {counter} is not between 1 and 2^53 − 1")
    return None


def value_shape(due: BinaryDue, form: dict, reply: BinaryReply, lists: bool) -> Optional[ShapeProblem]:
    kind = form["reply"]["value"]
    if kind == "none" and reply.value:
        return ShapeProblem("FRAME-6", f"a value where section 4 has none: {show(reply.value)}")
    if due.operation == "PING" and due.value != reply.value:
        return ShapeProblem("PING-1", f"PING returned {show(reply.value)}, not {show(due.value)}")
    if kind != "entries":
        return None
    entries, problem = parse_entries(reply.value)
    if problem is not None:
        return ShapeProblem("ENTRY-1", problem)
    return list_shape(due, reply, entries) if lists else None


def list_shape(due: BinaryDue, reply: BinaryReply, entries: List[Entry]) -> Optional[ShapeProblem]:
    clause = "LIST-1" if due.operation == "KEYS" else "PREFIX-1"
    if reply.fields["NUMBER"] != len(entries):
        text = f"NUMBER is {reply.fields['NUMBER']}, but there are {len(entries)} entries"
        return ShapeProblem(clause, text)
    if not entries:
        return ShapeProblem("LIST-2", f"status {reply.status} without an entry")
    if due.number is not None and len(entries) > due.number:
        return ShapeProblem("LIST-2", f"{len(entries)} entries where at most {due.number} were asked for")
    # An empty value in the request is none.
    last = due.value or None
    for key, value in entries:
        if not key.startswith(due.key):
            return ShapeProblem(clause, f"{show(key)} does not start with the prefix")
        if last is not None and key <= last:
            return ShapeProblem(clause, f"{show(key)} does not come behind {show(last)} in byte order")
        if due.operation == "KEYS" and value:
            return ShapeProblem(clause, f"KEYS gave {show(key)} a value")
        last = key
    return None
