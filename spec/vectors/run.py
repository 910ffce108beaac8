#!/usr/bin/env python3
"""Judges a speicher server by the vectors in this folder, with Python's standard library alone (3.8 or newer).

    python3 run.py 127.0.0.1:14567
    python3 run.py unix:/run/speicher.sock --profiles core,json
    python3 run.py 127.0.0.1:14567 --run 'frame.*' --seed 7f3a
    python3 run.py 127.0.0.1:14567 --password user:secret --json > run.ndjson

The server is attached to and must be running. Each case works under keys of its own and removes them; nothing else is
touched, unless --allow-reset permits RESET. A failure shows the clause, what was expected and observed, the bytes in
both directions, and how to run the case again. The cases are those of `speicher spec` that are data: README.md defines
their language, index.json names the others.

Exit status: 0 conforms; 1 a requirement failed; 2 usage; 3 the target was never ready; 4 a defect of the suite itself;
5 nothing was executed.
"""

from __future__ import annotations

import argparse
import datetime
import re
import secrets
import sys
import time
from typing import List, Optional, Tuple

sys.dont_write_bytecode = True
# A reply may be nested as deeply as the reader of JSON permits.
sys.setrecursionlimit(20_000)

from interpreter import report  # noqa: E402
from interpreter.connection import Address  # noqa: E402
from interpreter.context import Session  # noqa: E402
from interpreter.runner import Result, Runner, in_order, open_session  # noqa: E402
from interpreter.tables import PROFILES, Case, load_cases  # noqa: E402

CONFORMS, FAILED, NOT_READY, UNDECIDED, NOTHING_SELECTED = 0, 1, 3, 4, 5
DEFAULT_PORT = 14567


def read_address(text: str) -> Address:
    unix = re.fullmatch(r"unix:(?://)?(/.+)", text)
    if unix:
        return Address(unix[1])
    tcp = re.fullmatch(r"(?:tcp://)?(\[[0-9a-fA-F:.]+\]|[^:/\[\]]+)(?::([0-9]{1,5}))?", text)
    port = int(tcp[2] or DEFAULT_PORT) if tcp else 0
    if tcp is None or not 1 <= port <= 0xFFFF:
        raise argparse.ArgumentTypeError(f"{text} is no address; use HOST:PORT or unix:/path")
    return Address((tcp[1].strip("[]"), port))


def read_profiles(text: str) -> List[str]:
    names = re.split(r"[\s,]+", text.strip())
    for name in names:
        if name not in PROFILES:
            raise argparse.ArgumentTypeError(f"there is no profile {name!r}; there are {', '.join(PROFILES)}")
        for needed in PROFILES[name]["needs"]:
            if needed not in names:
                raise argparse.ArgumentTypeError(f"the profile {name} needs {needed} (section 6)")
    return names


def read_credentials(text: str) -> Tuple[bytes, bytes]:
    user, colon, password = text.encode().partition(b":")
    return (user, password) if colon else (b"", user)


def read_arguments() -> argparse.Namespace:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("target", type=read_address, metavar="HOST:PORT", help="or unix:/path")
    parser.add_argument("--profiles", type=read_profiles, help="what to hold the target to, in place of what it claims")
    parser.add_argument("--password", type=read_credentials, metavar="USER:PASSWORD", help="where it asks for AUTH")
    parser.add_argument("--run", action="append", default=[], metavar="GLOB", help="only cases whose id or clause fits")
    parser.add_argument("--seed", default=secrets.token_hex(2), help="decides ids, keys and the order of the cases")
    parser.add_argument("--allow-reset", action="store_true", help="the target may be emptied")
    parser.add_argument("--timeout-scale", type=float, default=1.0, metavar="N", help="multiplies all waits")
    parser.add_argument("--json", action="store_true", help="one JSON record a line, in the format of speicher spec")
    return parser.parse_args()


def fits(glob: str, case: Case) -> bool:
    """Whether a pattern fits a case's id or one of its clauses; `*` is any text, `?` one character."""
    pattern = re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".")
    return any(re.fullmatch(pattern, name) for name in [case["id"], *case["clauses"]])


def exit_code(results: List[Result]) -> int:
    statuses = {result.status for result in results}
    if "FAIL" in statuses:
        return FAILED
    if "ERROR" in statuses:
        return UNDECIDED
    return CONFORMS if statuses - {"SKIP", "BLOCKED"} else NOTHING_SELECTED


def main() -> int:
    arguments = read_arguments()
    start = time.monotonic()
    started_at = datetime.datetime.now(datetime.timezone.utc).isoformat()
    try:
        cases = load_cases()
    except ValueError as error:
        print(error, file=sys.stderr)
        return UNDECIDED
    # The code cases take part in the shuffle, so that a seed means the same order as in `speicher spec`.
    selected = [
        case
        for case in in_order(cases, arguments.seed)
        if "steps" in case and (not arguments.run or any(fits(glob, case) for glob in arguments.run))
    ]
    if not selected:
        print(f"no case and no clause fits {' '.join(arguments.run)}", file=sys.stderr)
        return NOTHING_SELECTED
    try:
        session = open_session(
            arguments.target,
            arguments.seed,
            profiles=arguments.profiles,
            allow_reset=arguments.allow_reset,
            timeout_scale=arguments.timeout_scale,
            credentials=arguments.password,
        )
    except OSError as error:
        print(f"nobody answers at {arguments.target}: {error}", file=sys.stderr)
        return NOT_READY

    if session.is_silent and arguments.profiles is None:
        print(f"{arguments.target} accepts connections and does not answer HELLO; --profiles tries it", file=sys.stderr)
        return NOT_READY

    profiles = f" --profiles {','.join(arguments.profiles)}" if arguments.profiles else ""
    repeat = f"python3 {sys.argv[0]} {arguments.target}{profiles}"
    if arguments.json:
        say(report.dump(report.header_record(session, cases, selected, arguments.run, repeat, started_at)))
    elif session.hello_problem is not None:
        say(f"{session.hello_problem}; the target is held to {' '.join(sorted(session.facts.profiles))}")
    runner = Runner(session)
    end = "complete"
    try:
        for case in selected:
            show(runner.run(case), session, None if arguments.json else repeat)
    except KeyboardInterrupt:
        end = "interrupted"

    results = list(runner.results.values())
    code = exit_code(results) or (CONFORMS if end == "complete" else UNDECIDED)
    if arguments.json:
        duration_ms = round((time.monotonic() - start) * 1000)
        say(report.dump({"record": "summary", "end": end, "exitCode": code, "durationMs": duration_ms}))
    else:
        say(report.summary_line(results, session.seed, " ".join(arguments.run) or None))
    return code


def show(result: Result, session: Session, repeat: Optional[str]) -> None:
    """Prints a result: for a reader, whom a failure tells how to repeat it, or as a record if `repeat` is None."""
    if repeat is None:
        say(report.dump(report.case_record(result, session.credentials)))
        return
    say(report.one_line(result))
    if result.status in ("FAIL", "ERROR"):
        say("\n".join(f"    {line}" for line in report.explanation(result, session, repeat)))


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
