"""What a run prints: lines for a reader, or records of NDJSON in the format of `speicher spec --json`."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional

from .connection import Event
from .context import Session
from .runner import Result
from .tables import CLAUSES, Case

RECORD_FORMAT = 1
HEX_CHARS_MAX = 400
MARKS = {"PASS": "✓", "FAIL": "✗", "WARN": "!", "SKIP": "-", "BLOCKED": "-", "ERROR": "✗"}


def case_record(result: Result, credentials: Any) -> Dict[str, Any]:
    case = result.case
    record: Dict[str, Any] = {"record": "case", "id": case["id"], "status": result.status}
    for name in ("level", "clauses", "profile", "why"):
        record[name] = case[name]
    record.update(durationMs=round(result.duration_ms, 3), runs=0 if result.skip else 1)
    facts = {
        "reason": result.reason,
        "skip": result.skip,
        "expected": result.expected,
        "observed": result.observed,
        "code": result.code,
        "hint": case.get("hint") if result.expected else None,
        "clause": result.clause,
    }
    record.update((name, text) for name, text in facts.items() if text is not None)
    record.update(alternatives=result.alternatives, warnings=result.warnings)
    if result.status not in ("PASS", "SKIP", "BLOCKED"):
        record["transcripts"] = [
            {"connection": name, "events": [event_record(event, events[0].at, credentials) for event in events]}
            for name, events in result.transcripts
            if events
        ]
    return record


def event_record(event: Event, start: float, credentials: Any) -> Dict[str, Any]:
    record: Dict[str, Any] = {"direction": event.direction, "atMs": round((event.at - start) * 1000, 3)}
    if event.data:
        record["bytes"] = without_password(event.data, credentials).hex()
    if event.note:
        record["note"] = event.note
    return record


def without_password(data: bytes, credentials: Any) -> bytes:
    """The bytes with the password behind its 00 written over."""
    password = credentials[1] if credentials else b""
    return data.replace(b"\0" + password, b"\0" + b"*" * len(password)) if password else data


def header_record(
    session: Session, cases: List[Case], selected: List[Case], globs: List[str], repeat: str, started_at: str
) -> Dict[str, Any]:
    versions = {"suite": "vectors", "protocol": session.hello.get("protocol", "1")}
    if "server" in session.hello:
        versions["server"] = session.hello["server"]
    record = {
        "record": "run",
        "format": RECORD_FORMAT,
        "target": str(session.address),
        "spawned": False,
        "versions": versions,
        "profiles": sorted(session.facts.profiles),
        "claimed": session.hello.get("profiles", "").split(),
        "seed": session.seed,
        "timeoutScale": session.timeout_scale,
        "selection": {"run": globs, "skip": []},
        "declared": len(cases),
        "selected": len(selected),
        "repeat": repeat,
        "startedAt": started_at,
    }
    if session.hello_problem is not None:
        record["helloProblem"] = session.hello_problem
    return record


def one_line(result: Result) -> str:
    tail = result.reason if result.status in ("SKIP", "BLOCKED") else ", ".join(result.warnings)
    return f"{MARKS[result.status]} {result.status:<7} {result.case['id']}{f'   {tail}' if tail else ''}"


def explanation(result: Result, session: Session, repeat: str) -> Iterator[str]:
    """The clauses' text, why it matters, the bytes, and how to run the case again with the command `repeat`."""
    case = result.case
    cited = dict.fromkeys([*([result.clause] if result.clause else []), *case["clauses"]])
    for clause in cited:
        yield f'{clause}: "{CLAUSES[clause]["text"]}"'
    yield f"why: {case['why']}"
    for name, events in result.transcripts:
        yield from transcript_lines(name, events, session.credentials)
    facts = [("expected", result.expected), ("observed", result.observed), ("hint", case.get("hint"))]
    for name, text in [*facts, ("reason", result.reason)]:
        if text is not None:
            yield f"{name:<9} {text}"
    yield f"again:    {repeat} --run {case['id']} --seed {session.seed}"


def transcript_lines(name: str, events: List[Event], credentials: Any) -> Iterator[str]:
    arrows = {"sent": "→", "received": "←", "note": "·"}
    for event in events:
        data = without_password(event.data, credentials).hex()
        cut = f"… ({len(event.data)} bytes)" if len(data) > HEX_CHARS_MAX else ""
        yield f"{arrows[event.direction]} {name}  {data[:HEX_CHARS_MAX]}{cut}{event.note}"


def dump(record: Dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def summary_line(results: List[Result], seed: str, filtered: Optional[str]) -> str:
    counts: Dict[str, int] = {}
    for result in results:
        counts[result.status] = counts.get(result.status, 0) + 1
    shown = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{len(results)} cases: {shown}   seed {seed}{f'   only {filtered}' if filtered else ''}"
