"""Replies and entries, for generate.py."""

import re

from wire import BITS, CONTRACT, FIELDS, SAFE, SAMPLES, binary, frame, integer


class Replies:
    """Collects reply vectors."""

    def __init__(self):
        self.vectors = []

    def add(self, name, opcode, status=200, value=b"", id=None, **fields):
        id = len(self.vectors) + 1 if id is None else id
        ordered = sorted(fields.items(), key=lambda field: BITS[field[0]])
        self.vectors.append({
            "name": name,
            "hex": binary(opcode | 0x80, [flag for flag, _ in ordered], status, id, ordered, value).hex(),
            "opcode": opcode,
            "status": status,
            "flags": [flag for flag, _ in ordered],
            "id": id,
            "fields": {FIELDS[flag][1]: str(number) for flag, number in ordered},
            "value": value.hex(),
        })


def entry(key, value):
    """ENTRY-1."""
    return integer("u16", len(key)) + integer("u32", len(value)) + key + value


def carried(section_row):
    """What the last column of section 4 says that a 200 carries, as field names and a value."""
    fields = {flag: SAMPLES[flag] for flag in FIELDS if re.search(rf"\b{flag}\b", section_row)}
    if "entries" in section_row:
        return fields, entry(b"foo", b"bar") + entry(b"fox", b"")
    return fields, b"bar" if "value" in section_row else b""


def replies(opcodes):
    """Every 200 of section 4, every error of section 3, and the ends of every number."""
    found = Replies()
    section = CONTRACT.split("## 4. Operations")[1].split("- **KEY-1**")[0]
    for line in section.splitlines():
        row = re.match(r" {4}([0-9a-f]{2}) ([A-Z]+) .* {2,}(\S.*)$", line)
        if not row:
            continue
        opcode, name, last = int(row[1], 16), row[2], row[3]
        fields, value = carried(last)
        title = name + (" with PREFIX" if "PREFIX" in line else "")
        found.add(f"{title}: 200", opcode, 200, value, **fields)
        if "entries" in last and "NUMBER" in last:
            found.add(f"{title}: 206", opcode, 206, value, **fields)
        if "DETAIL" in line:
            found.add(f"{title} and DETAIL: 200", opcode, 200, value, VERSION=4, **fields)
        if name == "GET" and "DETAIL" in line:
            found.add("GET without TAG: 200", opcode, 200, value)
            found.add("GET an empty value: 200", opcode, 200)
            found.add("GET and DETAIL, expiring: 200", opcode, 200, value, TTL=1, VERSION=4, TAG=7)
    for status in re.findall(r"^ {4}([45]\d\d) ", CONTRACT, re.M):
        found.add(f"{status}", opcodes["SET"], int(status))
        found.add(f"{status} with a text", opcodes["SET"], int(status), "why: «так»".encode())
    for status in (400, 413, 429):
        found.add(f"{status} to a framing error or connection", 0, status, id=0)
    for number in (-(2**63), -1, 0, 2**53 + 1, 2**63 - 1):
        found.add(f"NUMBER {number}", opcodes["INCREMENT"], NUMBER=number)
    for token in (1, 2**32, SAFE, 2**64 - 1):
        found.add(f"TOKEN {token}", opcodes["LOCK"], TOKEN=token)
    found.add("VERSION and TTL at 2^53 - 1", opcodes["GET"], value=b"x", TTL=SAFE, VERSION=SAFE)
    found.add("TAG 2^32 - 1", opcodes["GET"], value=b"x", TAG=2**32 - 1)
    found.add("id 2^32 - 1", opcodes["PING"], id=2**32 - 1)
    found.add("a value of 20000 bytes", opcodes["GET"], value=(bytes(range(256)) * 79)[:20000])
    return found.vectors


def malformed_replies(opcodes):
    """Frames that are no replies: the high bit is missing, or fields do not fit."""
    no_bit = [{"name": f"opcode {opcode:02x} without the high bit", "hex": binary(opcode, (), 200).hex()}
              for opcode in (0, opcodes["GET"], 0x7F)]
    cut = [{"name": f"{flag} of which {size} bytes are there",
            "hex": frame(bytes([opcodes["GET"] | 0x80, BITS[flag]]) + integer("u16", 200) + bytes(4 + size)).hex()}
           for flag, (kind, _) in FIELDS.items() for size in (0, int(kind[1:]) // 8 - 1)]
    return no_bit + cut


def entries():
    """Lists of entries, and lists whose last entry is cut off."""
    lists = {
        "none": [],
        "one": [(b"foo", b"bar")],
        "an empty value": [(b"foo", b"")],
        "an empty key": [(b"", b"bar")],
        "both empty": [(b"", b""), (b"", b"")],
        "three, in no order": [(b"b", b"2"), (b"a", b"1"), (b"c", b"3")],
        "bytes of all values": [(bytes(range(256)), bytes(range(255, -1, -1)))],
        "a key of 65535 bytes": [((b"k" * 65535), b"v")],
        "a value above 65535 bytes": [(b"k", b"v" * 65536), (b"l", b"w")],
        "text": [("ключ".encode(), "значение".encode())],
        "of HELLO": [(b"protocol", b"1"), (b"server", b"speicher 0.1.0"), (b"max-key", b"250")],
    }
    good = [{"name": name, "hex": b"".join(entry(*pair) for pair in pairs).hex(),
             "entries": [{"key": key.hex(), "value": value.hex()} for key, value in pairs]}
            for name, pairs in lists.items()]
    whole = entry(b"a", b"1")
    cut = {
        "a header of one byte": b"\0",
        "a header one byte short": entry(b"", b"")[:-1],
        "a key one byte short": integer("u16", 3) + integer("u32", 0) + b"fo",
        "a value one byte short": entry(b"foo", b"bar")[:-1],
        "a value of 2^32 - 1 bytes": integer("u16", 1) + integer("u32", 2**32 - 1) + b"kv",
        "a key of 65535 bytes": integer("u16", 65535) + integer("u32", 0) + b"k",
        "the second header": whole + b"\0\1\0",
        "the second value": whole + entry(b"b", b"22")[:-1],
    }
    return good, [{"name": name, "hex": data.hex()} for name, data in cut.items()]
