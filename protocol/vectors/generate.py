"""
Writes the test vectors in this folder, with Python's standard library alone:

    python3 protocol/vectors/generate.py && npx prettier --write protocol/vectors

No byte comes from the codec that the vectors test. Opcodes, flags and the worked examples are read from PROTOCOL.md,
the frames are put together by the few lines of wire.py. README.md says what the files mean.
"""

import json
import re

from json_vectors import json_replies, json_requests
from reply_vectors import entries, malformed_replies, replies
from request_vectors import (
    Requests, malformed_requests, refused_requests, request_edges, request_forms, streams)
from wire import CONTRACT, HERE, frame, operations


def section_examples():
    """Section 10: the frames that go over each connection, in order."""
    section = CONTRACT.split("## 10. Worked examples")[1]
    connections, pending = [[]], []
    for line in section.splitlines():
        if line.startswith("And on another connection"):
            connections.append([])
        shown = re.match(r" {4}(\S.*?)? {2,}([0-9a-f]{8}(?: [0-9a-f]+)*)$", line)
        if shown is None:
            if line.startswith("    "):
                pending.append(line.strip())
            continue
        name, data = (shown[1] or pending.pop()), shown[2].replace(" ", "")
        steps = connections[-1]
        if steps and "reply" not in steps[-1]:
            steps[-1].update({"replyName": name, "reply": data, "closes": name.endswith("closed")})
        else:
            steps.append({"name": name, "request": data})
    return [{"steps": steps} for steps in connections]


def write(name, description, **content):
    text = json.dumps({"description": description, **content}, ensure_ascii=False, indent=2)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def main():
    opcodes = {name: opcode for name, opcode, _, _, _ in operations()}
    requests = Requests()
    request_forms(requests)
    request_edges(requests, opcodes)
    write("requests", "Requests that every reader must understand, and the parts of each.", vectors=requests.vectors)
    write("refused-requests", "Requests whose parts fit in the frame, and the statuses that they may get.",
          vectors=refused_requests())
    write("malformed-requests", "Requests whose fields and key do not fit in the frame (FRAME-7).",
          vectors=malformed_requests(opcodes))
    write("streams", "Streams of bytes: the frames in them, and how they end (section 2).", vectors=streams(opcodes))
    write("replies", "Replies that every reader must understand, and the parts of each.", vectors=replies(opcodes))
    write("malformed-replies", "Frames that are no replies.", vectors=malformed_replies(opcodes))
    good, cut = entries()
    write("entries", "Entries (ENTRY-1): lists of them, and bytes that are none because the last is cut off.",
          vectors=good, cut=cut)
    valid, invalid = json_requests(frame)
    write("json-requests", "JSON envelopes (section 7): what they mean, or the statuses that they may get.",
          vectors=valid, invalid=invalid)
    given, refused = json_replies()
    write("json-replies", "What GET through JSON gives for a stored value and TAG (JSON-6).",
          vectors=given, refused=refused)
    write("worked-examples", "Section 10 of PROTOCOL.md: on an empty server, in this order.",
          connections=section_examples())


if __name__ == "__main__":
    main()
