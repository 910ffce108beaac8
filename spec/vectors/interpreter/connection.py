"""Connections to the server under test: bytes out, replies in, and a record of both.

All connections of a case share one `Loop`. Whoever waits for anything lets the loop carry every connection on, so that
a server which writes replies while requests are still being sent to it never finds the suite not reading.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from collections import deque
from typing import Deque, List, NamedTuple, Optional, Tuple, Union

from .frames import Closed, Due, DueReader, Incoming, ReplyReader, TimedOut

CHUNK_BYTES = 1 << 16
# How many chunks are read of one connection before the others have their turn.
CHUNKS_AT_ONCE = 16
# The time between two segments, so that a server has read the one before the other comes.
SEGMENT_SECONDS = 0.002
# What a transcript keeps of one connection, so that a hostile server cannot fill the memory.
KEPT_BYTES_MAX = 1 << 16


class Address(NamedTuple):
    """`HOST:PORT`, or the path of a Unix socket."""

    target: Union[Tuple[str, int], str]

    def __str__(self) -> str:
        return f"unix:{self.target}" if isinstance(self.target, str) else f"{self.target[0]}:{self.target[1]}"

    def connect(self, timeout: float) -> socket.socket:
        """A connected socket. Raises OSError."""
        if not isinstance(self.target, str):
            connected = socket.create_connection(self.target, timeout)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return connected
        connected = socket.socket(socket.AF_UNIX)
        connected.settimeout(timeout)
        connected.connect(self.target)
        return connected


class Loop:
    """Carries connections on until a moment, or until somebody has what they wait for."""

    def __init__(self, deadline: float):
        self.deadline = deadline  # Of time.monotonic(): the case's own, whatever is waited for.
        self.selector = selectors.DefaultSelector()

    def turn(self, timeout: float) -> None:
        """Waits until a connection can go on, at most `timeout` seconds, and lets it."""
        if self.selector.get_map():
            for key, events in self.selector.select(max(0.0, timeout)):
                key.data.go_on(events)
        elif timeout > 0:
            time.sleep(timeout)

    def wait(self, seconds: float) -> None:
        """Lets time pass, but no more than the case has."""
        end = min(time.monotonic() + seconds, self.deadline)
        while (left := end - time.monotonic()) > 0:
            self.turn(left)


class Event(NamedTuple):
    direction: str  # sent, received or note
    data: bytes
    note: str
    at: float


class Connection:
    """One connection. `name` is the one that the case's steps use."""

    def __init__(self, loop: Loop, address: Address, name: str, frame_bytes_max: int, wait_seconds: float):
        """Connects. Raises OSError."""
        self.name = name
        self.wait_seconds = wait_seconds
        self.due: List[Due] = []  # Requests that were sent and not yet answered, oldest first.
        self.sent = DueReader(frame_bytes_max)
        self.events: List[Event] = []
        self.is_settled = False  # Whether the suite ended it, or has taken note that the server did.
        self.half_closed = False
        self.closed: Optional[Closed] = None
        self.incoming: Deque[Incoming] = deque()
        self.loop = loop
        self.reader = ReplyReader(frame_bytes_max)
        self.outgoing = bytearray()
        self.kept_bytes = 0
        self.is_open = True
        left = min(wait_seconds, loop.deadline - time.monotonic())
        if left <= 0:
            raise OSError("the case's time was over")
        self.socket = address.connect(left)
        self.socket.setblocking(False)
        self.reads = True
        loop.selector.register(self.socket, selectors.EVENT_READ, self)

    @property
    def must_close(self) -> bool:
        """Whether the server has to close it: after QUIT, a framing error, or the suite's own end."""
        return self.half_closed or self.sent.ended

    # What the suite does ----------------------------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Writes the bytes. What the socket cannot take yet waits for the loop."""
        self.record("sent", data)
        self.due += self.sent.push(data)
        if self.is_open and not self.half_closed:
            self.outgoing += data
            self.flush()

    def send_segments(self, data: bytes, sizes: List[int]) -> None:
        """Writes the bytes in pieces of the given sizes, each a packet of its own as far as the system allows."""
        offset = 0
        for size in sizes:
            self.send(data[offset : offset + size])
            offset += size
            self.loop.wait(SEGMENT_SECONDS)
        if offset < len(data):
            self.send(data[offset:])

    def next(self) -> Incoming:
        """The next reply, or the connection's end, or that neither came in time."""
        start = time.monotonic()
        end = min(start + self.wait_seconds, self.loop.deadline)
        while not self.incoming and self.closed is None and (left := end - time.monotonic()) > 0:
            self.loop.turn(left)
        if self.incoming:
            return self.incoming.popleft()
        if self.closed is None:
            return TimedOut(time.monotonic() - start)
        self.is_settled = True
        return self.closed

    def half_close(self) -> None:
        """Ends the sending side only (TRANSPORT-4)."""
        self.record("note", note="half-closed by the suite")
        self.half_closed = True
        self.flush()

    def reset(self) -> None:
        """Drops the connection with an RST, where the transport has one."""
        self.record("note", note="reset by the suite")
        if self.is_open and self.socket.family != getattr(socket, "AF_UNIX", None):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.end(Closed(by_reset=True))

    def close(self) -> None:
        self.end(Closed(by_reset=False))

    def end(self, closed: Closed) -> None:
        self.is_settled = True
        self.closed = self.closed or closed
        if self.is_open:
            self.is_open = False
            self.watch()
            self.socket.close()

    # What the loop does -----------------------------------------------------------------------------------------

    def go_on(self, events: int) -> None:
        if events & selectors.EVENT_READ:
            self.read()
        if events & selectors.EVENT_WRITE and self.is_open:
            self.flush()

    def read(self) -> None:
        for _ in range(CHUNKS_AT_ONCE):
            if not self.reads or not self.is_open:
                return
            try:
                chunk = self.socket.recv(CHUNK_BYTES)
            except BlockingIOError:
                return
            except OSError:
                return self.peer_closed(by_reset=True)
            if not chunk:
                return self.peer_closed(by_reset=False)
            self.record("received", chunk)
            self.incoming += self.reader.push(chunk)

    def flush(self) -> None:
        while self.outgoing and self.is_open:
            try:
                sent = self.socket.send(self.outgoing)
            except BlockingIOError:
                break
            except OSError:
                # What the server wrote before it closed still counts, so it is read before the end is noted.
                self.outgoing.clear()
                while self.reads and self.closed is None and self.has_input():
                    self.read()
                self.peer_closed(by_reset=True)
                return
            del self.outgoing[:sent]
        if not self.outgoing and self.half_closed and self.is_open:
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # The server was quicker.
        self.watch()

    def has_input(self) -> bool:
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except OSError:
            return False
        return True

    def peer_closed(self, by_reset: bool) -> None:
        self.reads = False
        self.watch()
        if self.closed is None:
            self.closed = Closed(by_reset, len(self.reader.buffer))
            self.record("note", note="reset by the server" if by_reset else "closed by the server")

    def watch(self) -> None:
        """Tells the loop what to look for here."""
        events = (selectors.EVENT_READ if self.reads else 0) | (selectors.EVENT_WRITE if self.outgoing else 0)
        known = self.socket in self.loop.selector.get_map()
        if known and (events == 0 or not self.is_open):
            self.loop.selector.unregister(self.socket)
        elif known:
            self.loop.selector.modify(self.socket, events, self)
        elif events != 0 and self.is_open:
            self.loop.selector.register(self.socket, events, self)

    def record(self, direction: str, data: bytes = b"", note: str = "") -> None:
        kept = bytes(data[: KEPT_BYTES_MAX - self.kept_bytes])
        self.kept_bytes += len(kept)
        if len(kept) < len(data):
            note = f"{len(data) - len(kept)} more bytes are not kept"
        self.events.append(Event(direction, kept, note, time.monotonic()))
