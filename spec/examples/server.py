#!/usr/bin/env python3
"""A complete speicher server of the profiles core and json, in Python's standard library alone.

    python3 server.py --port 14567

It is here to be read: every clause that such a server has to keep stands at the place that keeps it. Items are in
memory and go with the process. Each connection has a thread; one lock makes each request one step.
"""

import argparse
import json
import re
import signal
import socket
import struct
import sys
import threading
import time

MAX_KEY = 250
MAX_VALUE = 1 << 20
MAX_FRAME = 2 << 20

# What each opcode takes (section 4): whether a key, and whether a value, which may always be empty.
OPERATIONS = {
    0x01: ("HELLO", False, True),
    0x02: ("PING", False, True),
    0x05: ("QUIT", False, False),
    0x10: ("GET", True, False),
    0x11: ("SET", True, True),
    0x16: ("DELETE", True, False),
    0x23: ("RESET", False, False),
}

OK, BAD_REQUEST, NOT_FOUND, UNKNOWN_OPCODE, TOO_LARGE = 200, 400, 404, 405, 413

TAG_FLAG = 0x04
TAG_TEXT, TAG_JSON = 1, 3  # How clients understand each other (section 7).

items = {}  # key -> (value, tag)
lock = threading.Lock()


# Frames (section 2) ---------------------------------------------------------------------------------------------------


class FramingError(Exception):
    """Its argument is the status. After this the stream has no frames any more (FRAME-3, FRAME-4)."""


def take_frame(buffer):
    """Removes the first frame from the buffer, or returns None until it is complete (TRANSPORT-2)."""
    if len(buffer) < 4:
        return None
    (length,) = struct.unpack_from(">I", buffer)
    if length == 0 or length > 0x7FFFFFFF:
        raise FramingError(BAD_REQUEST)
    if length > MAX_FRAME:
        raise FramingError(TOO_LARGE)  # FRAME-4: its bytes are not waited for.
    if len(buffer) < 4 + length:
        return None
    frame = bytes(buffer[4 : 4 + length])
    del buffer[: 4 + length]
    if frame[0] != ord("{") and length < 8:
        raise FramingError(BAD_REQUEST)
    return frame


def build_frame(body):
    return struct.pack(">I", len(body)) + body


def reply(opcode, request_id, status, value=b"", tag=0):
    """FRAME-5: the request's opcode with the high bit set, and its id. GET-1: a TAG of 0 is left out."""
    flags, fields = (TAG_FLAG, struct.pack(">I", tag)) if tag else (0, b"")
    return build_frame(struct.pack(">BBHI", opcode | 0x80, flags, status, request_id) + fields + value)


def entry(name, value):
    """ENTRY-1."""
    return struct.pack(">HI", len(name), len(value)) + name.encode() + value.encode()


HELLO = entry("protocol", "1") + entry("server", "example-python 1.0") + entry("profiles", "core json")
HELLO += entry("max-key", str(MAX_KEY)) + entry("max-value", str(MAX_VALUE)) + entry("max-frame", str(MAX_FRAME))


# Binary requests (section 4) ------------------------------------------------------------------------------------------


def answer_binary(frame):
    opcode, flags, key_length, request_id = struct.unpack_from(">BBHI", frame)
    key, value = frame[8 : 8 + key_length], frame[8 + key_length :]
    if opcode not in OPERATIONS:
        return reply(opcode, request_id, UNKNOWN_OPCODE)  # FRAME-8: whatever comes with it.
    name, takes_key, takes_value = OPERATIONS[opcode]
    if flags != 0 or len(key) < key_length:
        return reply(opcode, request_id, BAD_REQUEST)  # FRAME-7; no opcode of core takes a flag (PROFILE-1).
    if bool(key) != takes_key or (value and not takes_value):
        return reply(opcode, request_id, BAD_REQUEST)  # FRAME-9, KEY-1
    if len(key) > MAX_KEY or len(value) > MAX_VALUE:
        return reply(opcode, request_id, TOO_LARGE)  # KEY-3
    return reply(opcode, request_id, *execute(name, key, value))


def execute(name, key, value, tag=0):
    """What both forms of requests come to (JSON-6). Returns status, value and tag."""
    with lock:  # CONSISTENT-1
        if name == "SET":
            items[key] = (value, tag)  # SET-1
        elif name == "GET":
            return (OK, *items[key]) if key in items else (NOT_FOUND, b"", 0)
        elif name == "DELETE":
            return (OK if items.pop(key, None) is not None else NOT_FOUND, b"", 0)
        elif name == "RESET":
            items.clear()
    return OK, {"HELLO": HELLO, "PING": value}.get(name, b""), 0


# The JSON envelope (section 7) ----------------------------------------------------------------------------------------


# Numbers stay texts: nothing here computes with them, and a float would change them (JSON-7). NaN and Infinity, which
# Python takes for JSON, are refused: int() raises ValueError for them.
DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=int)
SPACE = re.compile(r"[ \t\n\r]*")


def members(text):
    """The members of an object: the name, the value as Python has it, and the value's very text."""

    def after_space(at):
        return SPACE.match(text, at).end()

    at = after_space(1)
    more = not text.startswith("}", at)
    while more:
        start = after_space(at)
        name, at = DECODER.raw_decode(text, start)
        at = after_space(at)
        if text[start] != '"' or not text.startswith(":", at):
            raise ValueError("no member")
        start = after_space(at + 1)
        value, at = DECODER.raw_decode(text, start)
        yield name, value, text[start:at]
        at = after_space(at)
        more = text.startswith(",", at)
        at += more
    if not text.startswith("}", at) or after_space(at + 1) < len(text):
        raise ValueError("no end of the object")


def answer_json(frame):
    try:
        status, value = answer_envelope(frame)
    except (ValueError, RecursionError):
        status, value = BAD_REQUEST, None  # JSON-3; also what has no UTF-8 form (JSON-6)
    member = "" if value is None else f',"value":{value}'
    body = f'{{"status_code":{status}{member}}}'.encode()
    if len(body) > MAX_FRAME:
        body = b'{"status_code":413}'  # JSON-6
    return build_frame(body)


def answer_envelope(frame):
    """Returns the status and, for a GET that found one, the value as JSON text."""
    found = {name: (value, text) for name, value, text in members(frame.decode("utf-8"))}
    command = found.get("command", (None,))[0]
    if command == "RST":
        return execute("RESET", b"", b"")[0], None
    if command not in ("SET", "GET", "DEL"):
        return BAD_REQUEST, None
    key = found.get("key", (None,))[0]
    if not isinstance(key, str) or not key or found["key"][1][0] != '"':
        return BAD_REQUEST, None
    key = key.encode("utf-8")
    data, tag = b"", 0
    if command == "SET":
        if "value" not in found:
            return BAD_REQUEST, None
        value, text = found["value"]
        data, tag = (value.encode("utf-8"), TAG_TEXT) if text[0] == '"' else (text.encode("utf-8"), TAG_JSON)
    if len(key) > MAX_KEY or len(data) > MAX_VALUE:
        return TOO_LARGE, None
    status, stored, tag = execute("DELETE" if command == "DEL" else command, key, data, tag)
    if command != "GET" or status != OK:
        return status, None
    text = stored.decode("utf-8")
    return OK, text if tag == TAG_JSON else json.dumps(text, ensure_ascii=False)


# Connections (section 1) ----------------------------------------------------------------------------------------------


def serve(connection):
    """Answers one connection's requests in their order (TRANSPORT-3), until it or the client ends it."""
    with connection:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            buffer = bytearray()
            while True:
                chunk = connection.recv(1 << 16)
                buffer += chunk
                replies, ended = answer_all(buffer)
                # One call for all of them: a reply's header is never sent alone (TRANSPORT-6).
                connection.sendall(replies)
                if ended or not chunk:  # TRANSPORT-4: what had come is answered; half a frame has no effect.
                    return close_gently(connection)
        except OSError:
            pass  # The client is gone, which harms nobody else (TRANSPORT-5).


def answer_all(buffer):
    """The replies to all complete frames in the buffer, and whether the connection ends with them."""
    replies = bytearray()
    try:
        while (frame := take_frame(buffer)) is not None:
            replies += answer_json(frame) if frame[0] == ord("{") else answer_binary(frame)
            if frame[:4] == b"\x05\0\0\0" and len(frame) == 8:
                return replies, True  # QUIT-1; with anything else in it, it was only a bad request.
    except FramingError as error:
        return replies + reply(0, 0, error.args[0]), True
    return replies, False


def close_gently(connection):
    """Closes so that the last reply arrives: closing with unread input would send an RST, which may destroy it."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(1.0)
    end = time.monotonic() + 1.0
    while time.monotonic() < end and connection.recv(1 << 16):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=14567, help="0: any free port")
    arguments = parser.parse_args()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: sys.exit(0))
    listener = socket.create_server((arguments.host, arguments.port), backlog=128)
    print("listening on tcp://{}:{}".format(*listener.getsockname()), flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    main()
