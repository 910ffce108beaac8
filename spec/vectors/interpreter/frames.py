"""Frames: requests are built, the own outgoing stream is read as a server reads it, and replies are read.

    length u32 | opcode u8 | flags u8 | key length or status u16 | id u32 | fields, lowest bit first | key | value

Nothing here trusts the server: a length that lies, garbage for ever, an end in mid-frame are all expected.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from typing import Dict, List, Optional, Tuple, Union

from .jsontext import JsonError, Node, member, parse_json
from .tables import FLAG, FLAGS, HEAD_BYTES, JSON_BRACE, LENGTH_BYTES, LIMITS, OPERATION_NAME, STATUS, field_bytes

Entry = Tuple[bytes, bytes]

# The fields in the order of their flags' bits, with their format for struct.
FORMATS = {"u64": ">Q", "i64": ">q", "u32": ">I"}
FIELD_FORMATS = {name: FORMATS[flag["type"]] for name, flag in FLAGS.items() if flag["fieldBytes"] > 0}


def show(data: bytes, most: int = 48) -> str:
    """Bytes for a reader of a report: as text where they are plain ASCII, otherwise as hex; cut after `most`."""
    shown = data[:most]
    plain = all(0x20 <= byte < 0x7F for byte in shown)
    more = f" … ({len(data)} bytes)" if len(data) > most else ""
    return (json.dumps(shown.decode("latin-1")) if plain else f"hex {shown.hex()}") + more


def utf8_or_none(data: bytes) -> Optional[str]:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def build_frame(body: bytes) -> bytes:
    """Any bytes as one frame: a JSON envelope, or a body that is wrong on purpose."""
    return struct.pack(">I", len(body)) + body


def build_request(
    opcode: int,
    request_id: int,
    *,
    flags: int = 0,
    fields: Optional[Dict[str, int]] = None,
    key: bytes = b"",
    value: bytes = b"",
    key_length: Optional[int] = None,
    length: Optional[int] = None,
) -> bytes:
    """One request with its length field.

    flags: those besides the flags that the given fields announce. fields: by name, such as TTL.
    key_length, length: written in place of the real ones.
    """
    packed = b""
    for name, form in FIELD_FORMATS.items():
        if fields is not None and name in fields:
            flags |= FLAG[name]
            packed += (fields[name] % 2 ** (8 * struct.calcsize(form))).to_bytes(struct.calcsize(form), "big")
    head = struct.pack(">BBHI", opcode, flags, len(key) if key_length is None else key_length, request_id)
    body = head + packed + key + value
    return struct.pack(">I", len(body) if length is None else length) + body


# What the bytes that were sent demand -----------------------------------------------------------------------------


@dataclass
class BinaryDue:
    """A binary request that the server owes a reply."""

    opcode: int
    flags: int
    id: int
    fits: bool  # Whether fields and key fit in the frame (FRAME-7).
    key: bytes
    value: bytes
    number: Optional[int]  # The request's NUMBER, as a list's limit.

    @property
    def operation(self) -> Optional[str]:
        return OPERATION_NAME.get(self.opcode)

    @property
    def is_quiet(self) -> bool:
        return bool(self.flags & FLAG["QUIET"])

    @property
    def ends_connection(self) -> bool:
        """A QUIT that is carried out; one that does not fit, or has a flag, key or value, is a bad request."""
        return self.operation == "QUIT" and self.fits and self.flags == 0 and not self.key and not self.value


@dataclass
class JsonDue:
    """A JSON envelope that the server owes a reply."""

    text: str


@dataclass
class FramingDue:
    """A framing error, and the status with which it should be answered (FRAME-3, FRAME-4)."""

    status: int


Due = Union[BinaryDue, JsonDue, FramingDue]


class DueReader:
    """Splits the outgoing stream into requests. Behind QUIT and a framing error nothing is due (TRANSPORT-3)."""

    def __init__(self, frame_bytes_max: int):
        self.frame_bytes_max = frame_bytes_max
        self.pending = bytearray()
        self.ended = False

    @property
    def in_frame(self) -> bool:
        """Whether part of a frame was sent and its rest was not."""
        return not self.ended and len(self.pending) > 0

    def push(self, data: bytes) -> List[Due]:
        dues: List[Due] = []
        if self.ended:
            return dues
        self.pending += data
        while not self.ended:
            due = self.next()
            if due is None:
                break
            dues.append(due)
            self.ended = isinstance(due, FramingDue) or (isinstance(due, BinaryDue) and due.ends_connection)
        return dues

    def next(self) -> Optional[Due]:
        if len(self.pending) < LENGTH_BYTES:
            return None
        (length,) = struct.unpack_from(">I", self.pending)
        if length == 0 or length > LIMITS["FRAME_BYTES_CEILING"]:
            return FramingDue(STATUS["BAD_REQUEST"])
        if length > self.frame_bytes_max:
            return FramingDue(STATUS["TOO_LARGE"])
        # A binary frame that is too short shows with its first byte.
        if length < HEAD_BYTES and len(self.pending) > LENGTH_BYTES and self.pending[LENGTH_BYTES] != JSON_BRACE:
            return FramingDue(STATUS["BAD_REQUEST"])
        if len(self.pending) < LENGTH_BYTES + length:
            return None
        body = bytes(self.pending[LENGTH_BYTES : LENGTH_BYTES + length])
        del self.pending[: LENGTH_BYTES + length]
        return JsonDue(body.decode("utf-8", "replace")) if body[0] == JSON_BRACE else read_request(body)


def read_request(body: bytes) -> BinaryDue:
    """Reads a binary request's body of at least 8 bytes."""
    opcode, flags, key_bytes, request_id = struct.unpack_from(">BBHI", body)
    key_start = HEAD_BYTES + field_bytes(flags)
    key_end = key_start + key_bytes
    fits = key_end <= len(body)
    number = None
    if fits and flags & FLAG["NUMBER"]:
        before = field_bytes(flags & (FLAG["TTL"] | FLAG["VERSION"] | FLAG["TAG"]))
        (number,) = struct.unpack_from(">q", body, HEAD_BYTES + before)
    return BinaryDue(opcode, flags, request_id, fits, body[key_start:key_end], body[key_end:], number)


# What comes back --------------------------------------------------------------------------------------------------


@dataclass
class BinaryReply:
    opcode: int
    flags: int
    status: int
    id: int
    fields: Dict[str, int]  # By the flags' names.
    value: bytes
    problem: Optional[str] = None  # What is wrong with the frame itself.


@dataclass
class JsonReply:
    text: str
    status: Optional[int] = None
    value: Optional[Node] = None
    problem: Optional[str] = None


@dataclass
class Garbage:
    """Bytes that are no frame; it is the last thing that is ever read from a connection but its end."""

    problem: str


@dataclass
class Closed:
    """The end of a connection. FIN and RST are both closes."""

    by_reset: bool
    partial_bytes: int = 0  # Bytes of a reply that never became complete.


@dataclass
class TimedOut:
    waited_seconds: float


Reply = Union[BinaryReply, JsonReply]
Incoming = Union[BinaryReply, JsonReply, Garbage, Closed, TimedOut]


@dataclass
class ReplyReader:
    """Takes chunks as they come and gives replies; after `Garbage` it gives nothing any more."""

    reply_bytes_max: int  # The largest `length` that a reply may have (FRAME-12).
    buffer: bytearray = field(default_factory=bytearray)
    failed: bool = False

    def push(self, chunk: bytes) -> List[Union[Reply, Garbage]]:
        found: List[Union[Reply, Garbage]] = []
        if self.failed:
            return found
        self.buffer += chunk
        while len(self.buffer) >= LENGTH_BYTES:
            (length,) = struct.unpack_from(">I", self.buffer)
            problem = self.length_problem(length)
            if problem is not None:
                self.failed = True
                found.append(Garbage(problem))
                break
            if len(self.buffer) < LENGTH_BYTES + length:
                break
            body = bytes(self.buffer[LENGTH_BYTES : LENGTH_BYTES + length])
            del self.buffer[: LENGTH_BYTES + length]
            found.append(read_json_reply(body) if body[0] == JSON_BRACE else read_binary_reply(body))
        return found

    def length_problem(self, length: int) -> Optional[str]:
        if length == 0:
            return "a reply of length 0"
        if length > self.reply_bytes_max:
            return f"a reply's length is {length}, above max-frame = {self.reply_bytes_max} (FRAME-12)"
        return None


def read_json_reply(body: bytes) -> JsonReply:
    text = utf8_or_none(body)
    if text is None:
        return JsonReply("", problem=f"the envelope is no UTF-8: {show(body)}")
    try:
        document = parse_json(text)
        code, value = member(document, "status_code"), member(document, "value")
    except JsonError as error:
        return JsonReply(text, problem=f"the envelope is no JSON: {error}")
    if code is None or code.type != "number" or not re.fullmatch("[1-9][0-9]{2}", code.content):
        return JsonReply(text, value=value, problem=f"status_code is no integer in {show(body)}")
    return JsonReply(text, int(code.content), value)


def read_binary_reply(body: bytes) -> BinaryReply:
    if len(body) < HEAD_BYTES:
        return BinaryReply(0, 0, 0, 0, {}, b"", f"a binary reply of {len(body)} bytes")
    opcode, flags, status, reply_id = struct.unpack_from(">BBHI", body)
    fields: Dict[str, int] = {}
    problem = None
    at = HEAD_BYTES
    for name, flag in FLAGS.items():
        if not flags & flag["bit"]:
            continue
        if not flag["inReplies"]:
            problem = problem or f"a reply with the flag {name} (FRAME-6)"
        if at + flag["fieldBytes"] > len(body):
            problem = problem or f"the field {name} does not fit in the reply (FRAME-6)"
            break
        if name in FIELD_FORMATS:
            (fields[name],) = struct.unpack_from(FIELD_FORMATS[name], body, at)
        at += flag["fieldBytes"]
    return BinaryReply(opcode, flags, status, reply_id, fields, body[at:], problem)


def parse_entries(value: bytes) -> Tuple[List[Entry], Optional[str]]:
    """ENTRY-1: the entries in a reply's value, and what is wrong with them."""
    entries: List[Entry] = []
    offset = 0
    while offset < len(value):
        if len(value) - offset < 6:
            return entries, f"{len(value) - offset} bytes behind the last entry, at offset {offset} of the value"
        key_bytes, value_bytes = struct.unpack_from(">HI", value, offset)
        key_end = offset + 6 + key_bytes
        end = key_end + value_bytes
        if end > len(value):
            return entries, f"the entry at offset {offset} of the value is {end - len(value)} bytes too long"
        entries.append((value[offset + 6 : key_end], value[key_end:end]))
        offset = end
    return entries, None


def entries_to_texts(entries: List[Entry]) -> Dict[str, str]:
    """Entries such as HELLO's as texts; of two with the same key the first counts."""
    texts: Dict[str, str] = {}
    for key, value in entries:
        texts.setdefault(key.decode("utf-8", "replace"), value.decode("utf-8", "replace"))
    return texts
