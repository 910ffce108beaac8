"""What a running case works with: connections, the steps' verbs, and the checks that every case gets for nothing."""

from __future__ import annotations

import time
from typing import Any, Dict, List, NamedTuple, NoReturn, Optional, Tuple

from .connection import Address, Connection, Loop
from .frames import BinaryReply, Closed, Due, BinaryDue, Entry, Incoming, JsonReply, Reply, TimedOut
from .frames import parse_entries, show
from .match import describe_expected, describe_incoming, difference, failure_code, has_status, show_entries
from .randomness import Random
from .resolve import FIELDS, Facts, Resolver
from .shape import shape_problem

POLL_SECONDS = 0.005

Expectation = Dict[str, Any]
Piece = Dict[str, Any]


class Violation(Exception):
    """The server did what it must not: the only way in which a case fails."""

    def __init__(self, expected: str, observed: str, code: str = "wrong-content", clause: Optional[str] = None):
        super().__init__(f"expected {expected}; observed {observed}")
        self.expected = expected
        self.observed = observed
        self.code = code
        self.clause = clause


class Session(NamedTuple):
    """A target as the suite knows it: what it claims in HELLO, its limits, and how fast it answers."""

    address: Address
    facts: Facts
    seed: str
    round_trip_seconds: float  # The median of those at the start.
    wait_seconds: float  # The longest wait for one reply, from the round trips at the start.
    timeout_scale: float
    allow_reset: bool
    credentials: Optional[Tuple[bytes, bytes]]
    hello: Dict[str, str]
    hello_problem: Optional[str]  # Why HELLO told nothing.
    is_silent: bool  # Whether HELLO had no reply at all.


class CaseContext:
    """profile: the case's. raw_auth: whether connections stay unauthenticated, because the case is about AUTH itself.
    prefix: the case's own key prefix. deadline: of time.monotonic().
    """

    def __init__(self, session: Session, profile: str, raw_auth: bool, prefix: str, deadline: float):
        self.session = session
        self.profile = profile
        self.raw_auth = raw_auth
        self.loop = Loop(deadline)
        self.random = Random(f"{session.seed}/{prefix}")
        self.resolver = Resolver(prefix, session.facts, self.random.below(2**32))
        self.alternatives: List[str] = []
        self.warnings: List[str] = []
        self.connections: List[Connection] = []
        self.by_name: Dict[str, Connection] = {}

    # Connections ------------------------------------------------------------------------------------------------

    def open(self, name: str, authenticate: Optional[bool] = None) -> Connection:
        """Opens a connection under a name, authenticated if the target asks for it."""
        session = self.session
        try:
            connection = Connection(
                self.loop, session.address, name, session.facts.limits["max-frame"], session.wait_seconds
            )
        except OSError as error:
            raise Violation("a new connection", str(error), "no-connection", "TRANSPORT-5") from error
        self.connections.append(connection)
        self.by_name[name] = connection
        if authenticate is None:
            authenticate = not self.raw_auth
        if authenticate and "auth" in session.facts.profiles:
            self.authenticate(connection)
        return connection

    def authenticate(self, connection: Connection) -> None:
        """Sends AUTH with the target's credentials and demands a 200."""
        user, password = self.session.credentials or (b"", b"")
        value = {"hex": (user + b"\0" + password).hex()}
        connection.send(self.resolver.piece({"op": "AUTH", "value": value}))
        self.expect_on(connection, {"status": 200})

    def connection(self, name: str) -> Connection:
        """The connection of that name, opened if it is not."""
        return self.by_name.get(name) or self.open(name)

    # The steps' verbs -------------------------------------------------------------------------------------------

    def step(self, step: Dict[str, Any]) -> None:
        name = step.get("on", "a")
        if "open" in step:
            self.open(step["open"], step.get("authenticate"))
        elif "ask" in step:
            self.ask(step["ask"], step["expect"], name)
        elif "send" in step:
            self.send(step["send"], name, step.get("segments"))
        elif "recv" in step:
            self.expect_on(self.connection(name), step["recv"])
        elif "until" in step:
            self.until(step["until"], step["expect"], name)
        elif "probe" in step:
            self.probe(self.connection(step["probe"]))
        elif "listing" in step:
            self.listing(step["listing"], step["entries"], name)
        elif "waitMs" in step:
            self.loop.wait(step["waitMs"] / 1000)
        elif "close" in step:
            self.connection(step["close"]).close()
        elif "halfClose" in step:
            self.connection(step["halfClose"]).half_close()
        else:
            self.connection(step["reset"]).reset()

    def send(self, pieces: List[Piece], name: str, segments: Optional[List[int]] = None) -> None:
        connection = self.connection(name)
        data = b"".join(self.resolver.piece(piece) for piece in pieces)
        if segments is None:
            connection.send(data)
        else:
            connection.send_segments(data, segments)

    def ask(self, piece: Piece, expected: Expectation, name: str) -> Incoming:
        self.send([piece], name)
        return self.expect_on(self.connection(name), expected)

    def until(self, piece: Piece, expected: Expectation, name: str) -> None:
        """Asks until the reply is the expected one; fails with the last reply when the wait is over."""
        end = time.monotonic() + self.session.wait_seconds
        while True:
            self.send([piece], name)
            came = self.take(self.connection(name))
            last = time.monotonic() > end or isinstance(came, (Closed, TimedOut))
            fits = any(difference(each, came, self.resolver) is None for each in alternatives(expected))
            if last or fits:
                self.judge(expected, came)
                return
            self.loop.wait(POLL_SECONDS)

    def listing(self, request: Piece, expected: List[Any], name: str) -> None:
        """Follows a listing page by page and demands that it has these entries, in this order."""
        wanted = [(self.resolver.key(key), self.resolver.bytes(value)) for key, value in expected]
        seen: List[Entry] = []
        page, status = request, 206
        while status == 206 and len(seen) <= len(wanted):
            self.send([page], name)
            came = self.take(self.connection(name))
            if not isinstance(came, BinaryReply):
                raise Violation("a binary reply", describe_incoming(came), failure_code(came))
            if came.status not in (200, 206):
                raise Violation("200 or 206", describe_incoming(came))
            seen += parse_entries(came.value)[0]
            page = {**request, "value": {"hex": seen[-1][0].hex()}}
            status = came.status
        if seen != wanted:
            raise Violation(f"in all the entries {show_entries(wanted)}", f"the entries {show_entries(seen)}")

    def probe(self, connection: Connection) -> None:
        """A barrier: the reply to a request sent now must be the next thing that comes."""
        what = "the reply to a barrier, and nothing before it: "
        if self.profile == "json":
            connection.send(self.resolver.piece({"json": '{"command":"GET","key":"{{}}"}'}))
            self.expect_on(connection, {"json": 404}, what)
            return
        value = f"barrier {self.resolver.next_id()}"
        connection.send(self.resolver.piece({"op": "PING", "value": value}))
        self.expect_on(connection, {"status": 200, "value": value}, what)

    # What comes -------------------------------------------------------------------------------------------------

    def take(self, connection: Connection) -> Incoming:
        """The next thing that comes on a connection, checked for its form and place (TRANSPORT-3, section 4)."""
        came = connection.next()
        if isinstance(came, (BinaryReply, JsonReply)):
            self.check_form(connection.due, came)
        return came

    def check_form(self, due: List[Due], reply: Reply) -> None:
        # A quiet request owes a reply only if there is news, so it may have been passed over.
        if isinstance(reply, BinaryReply):
            while due and is_quiet(due[0]) and due[0].id != reply.id:
                due.pop(0)
        else:
            while len(due) > 1 and is_quiet(due[0]):
                due.pop(0)
        observed = describe_incoming(reply)
        if not due:
            raise Violation("no reply that was not asked for", observed, "wrong-form", "TRANSPORT-3")
        problem = shape_problem(due.pop(0), reply)
        if problem is not None:
            expected = f"a reply of the form that {problem.clause} gives it"
            raise Violation(expected, f"{problem.text} ({observed})", "wrong-form", problem.clause)

    def expect_on(self, connection: Connection, expected: Expectation, what: str = "") -> Incoming:
        return self.judge(expected, self.take(connection), what)

    def judge(self, expected: Expectation, came: Incoming, what: str = "") -> Incoming:
        """Demands that what came is one of the alternatives, and records which."""
        every = alternatives(expected)
        problems = []
        for each in every:
            problem = difference(each, came, self.resolver)
            if problem is None:
                self.record(each, came)
                return came
            problems.append(problem)
        wanted = "; or ".join(describe_expected(each, self.resolver) for each in every)
        whole = describe_incoming(came)
        partial = next((problem for problem in problems if problem != whole), None)
        if partial is None or not isinstance(came, BinaryReply):
            observed = problems[0]
        else:
            observed = f"{partial} in {whole}"
        code = "wrong-content" if any(has_status(each, came) for each in every) else failure_code(came)
        raise Violation(what + wanted, observed, code)

    def record(self, expected: Expectation, came: Incoming) -> None:
        if "as" in expected:
            self.alternatives.append(expected["as"])
        if expected.get("warn"):
            self.warnings.append(f"{expected.get('as', 'an alternative')}: {describe_incoming(came)}")
        if isinstance(came, BinaryReply):
            own_fields = {own: came.fields[name] for name, own in FIELDS.items() if name in came.fields}
            for name, field in expected.get("save", {}).items():
                if field in own_fields:
                    self.resolver.saved[name] = own_fields[field]

    # The end ----------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """What every case ends with.

        On each connection that is still good a barrier, which shows that nothing more was answered; on each that had
        to be closed its close; and on a fresh one a set and a get (TRANSPORT-5).
        """
        for connection in list(self.by_name.values()):
            if connection.is_settled:
                continue
            if connection.must_close:
                self.expect_on(connection, {"closed": True})
            elif not connection.sent.in_frame:
                self.probe(connection)
        self.sentinel()
        # Only what has come by now can be seen here: no reply is waited for that must not be.
        for connection in self.connections:
            if connection.incoming and not connection.is_settled:
                nothing_more(connection)

    def sentinel(self) -> None:
        name = "sentinel"
        self.open(name, True)
        if self.profile == "json":
            self.ask({"json": '{"command":"SET","key":"{{sentinel}}","value":"well"}'}, {"json": 200}, name)
            expected = {"json": 200, "value": '"well"'}
            self.ask({"json": '{"command":"GET","key":"{{sentinel}}"}'}, expected, name)
            return
        value = f"well {show(self.random.bytes(4))}"
        self.ask({"op": "SET", "key": "sentinel", "value": value}, {"status": 200}, name)
        self.ask({"op": "GET", "key": "sentinel"}, {"status": 200, "value": value}, name)

    def close_all(self) -> None:
        for connection in self.connections:
            connection.close()
        self.loop.selector.close()


def is_quiet(due: Due) -> bool:
    return isinstance(due, BinaryDue) and due.is_quiet


def alternatives(expected: Expectation) -> List[Expectation]:
    return expected.get("anyOf", [expected])


def nothing_more(connection: Connection) -> NoReturn:
    observed = f"{describe_incoming(connection.next())} behind the last reply on {connection.name}"
    raise Violation("one reply for each request", observed, "wrong-form", "TRANSPORT-3")
