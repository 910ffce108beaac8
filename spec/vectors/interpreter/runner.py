"""Runs cases against a target, each with its own keys, connections and deadline."""

from __future__ import annotations

import re
import time
import traceback
from typing import Dict, List, NamedTuple, Optional, Tuple

from .connection import Address, Connection, Event, Loop
from .context import CaseContext, Session, Violation
from .frames import BinaryReply, TimedOut, build_request, entries_to_texts, parse_entries
from .randomness import Random
from .resolve import Facts, unmet_condition
from .tables import LIMITS, OPCODE, PROFILES, STATUS, Case

DEADLINE_MS = 15_000
SMALL_FRAME_BYTES_MAX = 4 << 20
CLEAN_UP_SECONDS = 2.0
# Until HELLO has told the limit, no reply may be longer than this.
FRAME_BYTES_UNKNOWN = 64 << 20
WAIT_SECONDS_MIN = 4.0
WAIT_PER_ROUND_TRIP = 100
ROUND_TRIPS = 5
SILENCE = "HELLO was not answered"
# More than any case makes one after the other.
ROUND_TRIPS_PER_CASE = 1000


def open_session(
    address: Address,
    seed: str,
    profiles: Optional[List[str]] = None,
    allow_reset: bool = False,
    timeout_scale: float = 1.0,
    credentials: Optional[Tuple[bytes, bytes]] = None,
) -> Session:
    """Connects, reads HELLO and measures round trips. Raises OSError if the target does not accept."""
    wait = WAIT_SECONDS_MIN * timeout_scale
    connection = Connection(Loop(time.monotonic() + 60 * wait), address, "hello", FRAME_BYTES_UNKNOWN, wait)
    hello, problem = read_hello(connection)
    is_silent = problem == SILENCE
    round_trip = measure(connection) if problem is None else 0.0
    connection.close()
    claimed = [name for name in hello.get("profiles", "core json").split(" ") if name in PROFILES]
    max_key = limit_of(hello, "max-key") or LIMITS["KEY_BYTES_FLOOR"]
    max_value = limit_of(hello, "max-value") or LIMITS["VALUE_BYTES_FLOOR"]
    max_frame = limit_of(hello, "max-frame") or max_key + max_value + LIMITS["FRAME_BYTES_OVERHEAD"]
    limits = {"max-key": max_key, "max-value": max_value, "max-frame": max_frame}
    return Session(
        address=address,
        facts=Facts(set(claimed if profiles is None else profiles), limits),
        seed=seed,
        round_trip_seconds=round_trip,
        wait_seconds=max(wait, round_trip * WAIT_PER_ROUND_TRIP),
        timeout_scale=timeout_scale,
        allow_reset=allow_reset,
        credentials=credentials,
        hello=hello,
        hello_problem=problem,
        is_silent=is_silent,
    )


def limit_of(hello: Dict[str, str], name: str) -> Optional[int]:
    text = hello.get(name, "")
    return int(text) if re.fullmatch("[0-9]{1,16}", text) and int(text) <= LIMITS["COUNTER_MAX"] else None


def read_hello(connection: Connection) -> Tuple[Dict[str, str], Optional[str]]:
    connection.send(build_request(OPCODE["HELLO"], 1))
    reply = connection.next()
    if isinstance(reply, TimedOut):
        return {}, SILENCE
    if not isinstance(reply, BinaryReply):
        return {}, f"HELLO was answered by {type(reply).__name__}"
    if reply.status != STATUS["OK"]:
        return {}, f"HELLO was answered with {reply.status}"
    entries, problem = parse_entries(reply.value)
    return entries_to_texts(entries), problem


def measure(connection: Connection) -> float:
    """The median of a few round trips, in seconds: one hiccup of a busy machine must not stretch every wait."""
    trips: List[float] = []
    for request_id in range(2, 2 + ROUND_TRIPS):
        start = time.monotonic()
        connection.send(build_request(OPCODE["PING"], request_id))
        if not isinstance(connection.next(), BinaryReply):
            break
        trips.append(time.monotonic() - start)
    return sorted(trips)[len(trips) // 2] if trips else 0.0


class Result(NamedTuple):
    """How a case ended: PASS, FAIL, WARN, SKIP, BLOCKED, or ERROR, which is a defect of the suite."""

    case: Case
    status: str
    duration_ms: float = 0.0
    reason: Optional[str] = None  # Why it was skipped or blocked, or the suite's own error.
    skip: Optional[str] = None  # unclaimed, inapplicable or withheld.
    expected: Optional[str] = None
    observed: Optional[str] = None
    code: Optional[str] = None  # How it failed, in one word.
    clause: Optional[str] = None  # The clause that a reply's form broke.
    alternatives: Tuple[str, ...] = ()
    warnings: Tuple[str, ...] = ()
    transcripts: Tuple[Tuple[str, List[Event]], ...] = ()


def skip_reason(case: Case, session: Session) -> Optional[Tuple[str, str]]:
    """Why a case cannot be run against this target, as kind and words, or None."""
    profiles, limits = session.facts
    for name in [case["profile"], *case.get("also", [])]:
        if name not in profiles:
            return "unclaimed", f"the target does not claim {name}"
    for need in case.get("needs", []):
        skip = unmet_need(need, session, limits["max-frame"])
        if skip is not None:
            return skip
    if "auth" in profiles and session.credentials is None:
        return "withheld", "the target asks for AUTH and no credentials were given"
    for condition in case.get("only", []):
        reason = unmet_condition(condition, session.facts)
        if reason is not None:
            return "inapplicable", reason
    return None


def unmet_need(need: str, session: Session, frame_bytes_max: int) -> Optional[Tuple[str, str]]:
    if need == "auth":
        asks = "auth" in session.facts.profiles
        return None if asks else ("inapplicable", "the target does not ask for AUTH")
    if need == "reset":
        return None if session.allow_reset else ("withheld", "the suite may not RESET this target")
    if need == "small-limits":
        small = frame_bytes_max <= SMALL_FRAME_BYTES_MAX
        return None if small else ("inapplicable", f"max-frame is {frame_bytes_max}, too large to be tried out")
    return "withheld", f"run.py attaches to a server, and cannot give the case what it needs: {need}"


class Runner:
    def __init__(self, session: Session):
        self.session = session
        self.results: Dict[str, Result] = {}

    def run(self, case: Case) -> Result:
        """Runs one case. It never raises: whatever happens is in the result."""
        result = self.judge(case)
        self.results[case["id"]] = result
        return result

    def judge(self, case: Case) -> Result:
        skip = skip_reason(case, self.session)
        if skip is not None:
            return Result(case, "SKIP", skip=skip[0], reason=skip[1])
        for other in case.get("dependsOn", []):
            known = self.results.get(other)
            if known is not None and known.status in ("FAIL", "BLOCKED"):
                return Result(case, "BLOCKED", reason=f"{other} failed")
        return self.execute(case)

    def execute(self, case: Case) -> Result:
        session = self.session
        start = time.monotonic()
        # Slowness alone is never a failure.
        slowness_ms = session.round_trip_seconds * 1000 * ROUND_TRIPS_PER_CASE
        deadline_ms = case.get("deadlineMs", DEADLINE_MS) * session.timeout_scale + slowness_ms
        raw_auth = "auth" in case.get("needs", [])
        prefix = key_prefix(session.seed, case["id"])
        context = CaseContext(session, case["profile"], raw_auth, prefix, start + deadline_ms / 1000)
        try:
            for step in case["steps"]:
                context.step(step)
            context.finish()
            result = Result(case, "WARN" if context.warnings else "PASS")
        except Violation as violation:
            is_late = time.monotonic() > context.loop.deadline
            late = f" (the case's deadline of {deadline_ms:.0f} ms is over)" if is_late else ""
            result = Result(
                case,
                "FAIL" if case["level"] == "MUST" else "WARN",
                expected=violation.expected,
                observed=violation.observed + late,
                code=violation.code,
                clause=violation.clause,
            )
        except Exception:  # A defect of the suite ends one case, not the run.
            result = Result(case, "ERROR", reason=traceback.format_exc())
        finally:
            duration_ms = (time.monotonic() - start) * 1000
            context.close_all()
            clean_up(context)
        return result._replace(
            duration_ms=duration_ms,
            alternatives=tuple(context.alternatives),
            warnings=tuple(context.warnings),
            transcripts=tuple((each.name, each.events) for each in context.connections),
        )


def key_prefix(seed: str, case_id: str) -> str:
    """Ten characters that JSON need not escape; the last number is how often the case was run before."""
    return f"{Random(f'{seed}/{case_id}/0').bytes(5).hex()[:9]}~"


def clean_up(context: CaseContext) -> None:
    """Removes the case's keys from the server. Whether it succeeds is no part of the verdict."""
    session, resolver = context.session, context.resolver
    profiles = session.facts.profiles
    context.loop = Loop(time.monotonic() + CLEAN_UP_SECONDS)
    try:
        limits = session.facts.limits
        connection = Connection(context.loop, session.address, "clean-up", limits["max-frame"], CLEAN_UP_SECONDS)
        if "auth" in profiles:
            context.authenticate(connection)
        # Keys that a case built by itself, in an envelope's text for instance, are known by their prefix alone.
        own = [{"key": {"raw": key.hex()}} for key in resolver.keys_used]
        if "prefix" in profiles:
            own.insert(0, {"key": {"raw": resolver.prefix.hex()}, "flags": ["PREFIX"]})
        for op in ["UNLOCK", "DELETE"] if "locks" in profiles else ["DELETE"]:
            for request in own:
                connection.send(resolver.piece({"op": op, **request}))
        while connection.due and isinstance(connection.next(), BinaryReply):
            connection.due.pop(0)
        connection.close()
    except (OSError, Violation):
        pass  # The target may be gone, which the cases themselves report.
    finally:
        context.loop.selector.close()


def in_order(cases: List[Case], seed: str) -> List[Case]:
    """The cases in an order that the seed decides, each behind those that it depends on."""
    by_id = {case["id"]: case for case in cases}
    placed: Dict[str, Case] = {}

    def place(case: Case) -> None:
        if case["id"] in placed:
            return
        for other in case.get("dependsOn", []):
            if other in by_id:
                place(by_id[other])
        placed[case["id"]] = case

    for case in Random(seed).shuffled(cases):
        place(case)
    return list(placed.values())
