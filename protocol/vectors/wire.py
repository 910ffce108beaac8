"""A little builder of frames, and what the vectors take from PROTOCOL.md: flags and operations."""

import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
CONTRACT = (HERE.parent / "PROTOCOL.md").read_text(encoding="utf-8")

FIELDS = {"TTL": ("u64", "ttlMs"), "VERSION": ("u64", "version"), "TAG": ("u32", "tag"),
          "NUMBER": ("i64", "number"), "TOKEN": ("u64", "token")}
SAMPLES = {"TTL": 5000, "VERSION": 4, "TAG": 7, "NUMBER": 2, "TOKEN": 9}
BITS = {name: int(bit, 16)
        for bit, name in re.findall(r"^ {6}([0-9a-f]{2}) +([A-Z]+) +\d", CONTRACT, re.M)}
SAFE = 2**53 - 1


def integer(kind, number):
    """A wire integer: u16, u32, u64 or i64."""
    return number.to_bytes(int(kind[1:]) // 8, "big", signed=kind[0] == "i")


def frame(rest):
    """FRAME-1: the length, and what it counts."""
    return integer("u32", len(rest)) + rest


def binary(opcode, flags=(), key_length_or_status=0, id=1, fields=(), tail=b""):
    """A binary frame; `fields` holds (flag, number) pairs, lowest bit first."""
    bits = sum(BITS[name] for name in flags)
    written = b"".join(integer(FIELDS[name][0], number) for name, number in fields)
    head = bytes([opcode, bits]) + integer("u16", key_length_or_status) + integer("u32", id)
    return frame(head + written + tail)


def operations():
    """Each form of section 4: (name, opcode, key, value, flags)."""
    section = CONTRACT.split("## 4. Operations")[1].split("- **KEY-1**")[0]
    for line in section.splitlines():
        row = re.match(r" {4}([0-9a-f]{2}) ([A-Z]+) +([Kk—V v]+?) {2,}(.*?) {2,}\S", line)
        if not row:
            continue
        opcode, name, takes, flags = row.groups()
        key = "required" if "K" in takes else "optional" if "k" in takes else "none"
        value = "required" if "V" in takes else "optional" if "v" in takes else "none"
        yield name, int(opcode, 16), key, value, [] if flags == "—" else flags.split()
