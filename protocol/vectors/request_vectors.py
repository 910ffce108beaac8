"""Requests of every kind, and streams of bytes, for generate.py."""

from wire import BITS, FIELDS, SAFE, SAMPLES, binary, frame, integer, operations


class Requests:
    """Collects request vectors, each with an id of its own."""

    def __init__(self):
        self.vectors = []

    def add(self, name, operation, opcode, flags=(), key=b"", value=b"", id=None, **numbers):
        ordered = sorted(flags, key=BITS.get)
        id = len(self.vectors) + 1 if id is None else id
        fields = [(flag, numbers.get(flag, SAMPLES[flag])) for flag in ordered if flag in FIELDS]
        self.vectors.append({
            "name": name,
            "hex": binary(opcode, ordered, len(key), id, fields, key + value).hex(),
            "operation": operation,
            "opcode": opcode,
            "flags": ordered,
            "id": id,
            "fields": {FIELDS[flag][1]: str(number) for flag, number in fields},
            "key": key.hex(),
            "value": value.hex(),
        })


def request_forms(requests):
    """Every operation in every form: no flag, each alone, all of them, with and without what is optional."""
    for name, opcode, takes_key, takes_value, flags in operations():
        kept = ["PREFIX"] if "PREFIX" in flags else []
        optional = [flag for flag in flags if flag != "PREFIX"]
        title = name + (" with PREFIX" if kept else "")
        key = b"" if takes_key == "none" else b"fo" if kept else b"foo"
        sample = b"12" if name == "INCREMENT" else b"user\0password" if name == "AUTH" else b"bar"
        value = sample if takes_value == "required" else b""
        requests.add(title, name, opcode, kept, key, value)
        for flag in optional:
            requests.add(f"{title} and {flag}", name, opcode, [*kept, flag], key, value)
        if len(optional) > 1:
            requests.add(f"{title} and all flags", name, opcode, flags, key, value)
        if takes_key == "optional":
            requests.add(f"{title}, no key", name, opcode, kept, b"", value)
        if takes_value == "optional":
            requests.add(f"{title}, a value", name, opcode, kept, key, sample)
            if optional:
                requests.add(f"{title}, a value and all flags", name, opcode, flags, key, sample)
        if takes_value == "required" and name != "AUTH":
            requests.add(f"{title}, an empty value", name, opcode, kept, key, b"")


def request_edges(requests, opcodes):
    """The ends of every number and length."""
    for ttl in (0, 1, SAFE, SAFE + 1, 2**64 - 1):
        requests.add(f"TTL {ttl}", "SET", opcodes["SET"], ["TTL"], b"foo", b"bar", TTL=ttl)
    for number in (-(2**63), -(2**63) + 1, -(2**32), -1, 0, 1, 2**32, 2**53, 2**63 - 1):
        requests.add(f"NUMBER {number}", "INCREMENT", opcodes["INCREMENT"], ["NUMBER"], b"foo", NUMBER=number)
    for token in (0, 1, 2**32 - 1, 2**32, SAFE, 2**64 - 1):
        requests.add(f"TOKEN {token}", "UNLOCK", opcodes["UNLOCK"], ["TOKEN"], b"foo", TOKEN=token)
    for version in (0, 1, 2**32, SAFE, 2**64 - 1):
        requests.add(f"VERSION {version}", "DELETE", opcodes["DELETE"], ["VERSION"], b"foo", VERSION=version)
    for tag in (0, 1, 2**31, 2**32 - 1):
        requests.add(f"TAG {tag}", "SET", opcodes["SET"], ["TAG"], b"foo", b"bar", TAG=tag)
    for id in (0, 2**31, 2**32 - 1):
        requests.add(f"id {id}", "PING", opcodes["PING"], value=b"x", id=id)
    every_byte = bytes(range(256))
    keys = {"a key of one byte, 00": b"\0", "a key of one byte, ff": b"\xff", "a key of 250 bytes": b"k" * 250,
            "a key of all byte values": every_byte, "a key of 65535 bytes": (every_byte * 256)[:65535],
            "a key that begins like an envelope": b'{"command"'}
    for title, key in keys.items():
        requests.add(f"SET {title}", "SET", opcodes["SET"], key=key, value=b"bar")
    values = {"an empty value": b"", "a value of one byte": b"\0", "a value of 1024 bytes": b"v" * 1024,
              "a value of all byte values": every_byte, "a value of 70000 bytes": (every_byte * 274)[:70000],
              "a value that is a frame": binary(opcodes["RESET"])}
    for title, value in values.items():
        requests.add(f"SET {title}", "SET", opcodes["SET"], key=b"foo", value=value)


def refused_requests():
    """Requests whose parts fit, and that section 4 does not allow all the same."""
    refused = []

    def add(name, clause, status, opcode, flags=(), key=b"", value=b"", **numbers):
        ordered = sorted(flags, key=BITS.get)
        fields = [(flag, numbers.get(flag, SAMPLES[flag])) for flag in ordered if flag in FIELDS]
        id = len(refused) + 1
        refused.append({"name": name, "hex": binary(opcode, ordered, len(key), id, fields, key + value).hex(),
                        "opcode": opcode, "id": id, "clause": clause, "statuses": [status]})

    forms = list(operations())
    with_prefix = {name for name, _, _, _, flags in forms if "PREFIX" in flags}
    for name, opcode, takes_key, takes_value, flags in forms:
        kept = ["PREFIX"] if "PREFIX" in flags else []
        title = name + (" with PREFIX" if kept else "")
        key = b"" if takes_key == "none" else b"fo"
        value = b"user\0password" if name == "AUTH" else b"1" if takes_value == "required" else b""
        for flag in BITS:
            if flag not in flags and not (flag == "PREFIX" and name in with_prefix):
                add(f"{title} and {flag}", "FRAME-9", 400, opcode, [*kept, flag], key, value)
        if takes_key == "required":
            add(f"{title}, no key", "KEY-1", 400, opcode, kept, b"", value)
        if takes_key == "none":
            add(f"{title}, a key", "FRAME-9", 400, opcode, kept, b"foo", value)
        if takes_value == "none":
            add(f"{title}, a value", "FRAME-9", 400, opcode, kept, key, b"x")
    opcodes = {name: opcode for name, opcode, _, _, _ in forms}
    add("AUTH without 00", "AUTH-1", 400, opcodes["AUTH"], value=b"password")
    for text in (b"x", b"-", b"+1", b" 1", b"1 ", b"1.0", b"9223372036854775808", b"00000000000000000001"):
        add(f"INCREMENT from {text.decode()!r}", "INCREMENT-3", 400, opcodes["INCREMENT"], [], b"foo", text)
    for number in (0, -1, -(2**63)):
        add(f"KEYS, NUMBER {number}", "LIST-2", 400, opcodes["KEYS"], ["NUMBER"], b"fo", NUMBER=number)
        add(f"GET with PREFIX, NUMBER {number}", "LIST-2", 400, opcodes["GET"], ["PREFIX", "NUMBER"], b"fo",
            NUMBER=number)
    assigned = set(opcodes.values())
    for opcode in (0x00, 0x06, 0x0F, 0x1C, 0x20, 0x25, 0x7A, 0x7C, 0x7F, 0x80, 0x91, 0xFF):
        assert opcode not in assigned
        add(f"opcode {opcode:02x}", "FRAME-8", 405, opcode)
        add(f"opcode {opcode:02x} with everything", "FRAME-8", 405, opcode, BITS, b"foo", b"bar")
    return refused


def malformed_requests(opcodes):
    """FRAME-7: fields and key that do not fit in the frame."""
    malformed = []

    def add(name, opcode, bits, key_bytes, tail, statuses=(400,)):
        id = len(malformed) + 1
        rest = bytes([opcode, bits]) + integer("u16", key_bytes) + integer("u32", id) + tail
        malformed.append({"name": name, "hex": frame(rest).hex(), "opcode": opcode, "id": id, "clause": "FRAME-7",
                          "statuses": list(statuses)})

    get, set_, ping = opcodes["GET"], opcodes["SET"], opcodes["PING"]
    add("a key of one byte, and none there", get, 0, 1, b"")
    add("a key one byte longer than the frame", get, 0, 4, b"foo")
    add("a key of 65535 bytes, and three there", get, 0, 65535, b"foo")
    add("a key length that would reach into the next frame", set_, 0, 7, b"foobar")
    for flag, (kind, _) in FIELDS.items():
        size = int(kind[1:]) // 8
        for present in (0, 1, size - 1):
            add(f"{flag} of which {present} bytes are there", set_, BITS[flag], 0, b"\0" * present)
        add(f"{flag} whole, and a key one byte short", set_, BITS[flag], 3, b"\0" * size + b"fo")
    every_field = sum(BITS[flag] for flag in FIELDS)
    add("all fields, one byte short", set_, every_field, 0, b"\0" * 35)
    add("all fields whole, and a key one byte short", set_, every_field, 3, b"\0" * 36 + b"fo")
    add("all flags, and nothing there", set_, 0xFF, 0, b"")
    add("a field on an operation without any", ping, BITS["TTL"], 0, b"\0" * 7)
    add("an unknown opcode whose key does not fit", 0x7F, 0, 9, b"foo", (405, 400))
    add("an unknown opcode whose fields do not fit", 0x7F, 0xFF, 0, b"", (405, 400))
    return malformed


def streams(opcodes):
    """What frames a stream of bytes holds, and how it ends."""
    ping, quit_ = binary(opcodes["PING"], id=1), binary(opcodes["QUIT"], id=2)
    json_frame = frame(b'{"command":"RST"}')
    found = []

    def add(name, data, frames, outcome, status=None, frame_bytes_max=1024):
        ends = {} if status is None else {"status": status}
        found.append({"name": name, "hex": data.hex(), "frameBytesMax": frame_bytes_max,
                      "frames": [each.hex() for each in frames], "outcome": outcome, **ends})

    add("nothing", b"", [], "end")
    add("one frame", ping, [ping], "end")
    add("three frames in both forms", ping + json_frame + quit_, [ping, json_frame, quit_], "end")
    add("the beginning of a frame", ping[:-1], [], "unfinished")
    add("a frame, and the beginning of the next", ping + quit_[:3], [ping], "unfinished")
    add("length 0", bytes(4), [], "invalid", 400)
    add("length 0 behind a frame, and a frame behind it", ping + bytes(4) + quit_, [ping], "invalid", 400)
    for length in (0x80000000, 0x80000008, 0xFFFFFFFF):
        add(f"length {length:08x}", integer("u32", length), [], "invalid", 400)
    for size in range(1, 8):
        short = frame(bytes([opcodes["PING"]]) + bytes(size - 1))
        add(f"a binary frame of {size} bytes", short, [], "invalid", 400)
        envelope = frame(b"{" + b" " * (size - 1))
        add(f"an envelope of {size} bytes, which is no framing error", envelope, [envelope], "end")
    for size in range(1, 8):
        add(f"length {size} alone, which may yet be an envelope", integer("u32", size), [], "unfinished")
    add("a short binary frame is known by its first byte", integer("u32", 7) + b"\x02", [], "invalid", 400)
    full = binary(opcodes["PING"], tail=b"x" * 1016)
    add("a frame of exactly max-frame", full, [full], "end")
    add("a frame one byte above max-frame, by its length alone", integer("u32", 1025), [], "invalid", 413)
    add("length 7fffffff", integer("u32", 0x7FFFFFFF), [], "invalid", 413)
    add("an envelope above max-frame", integer("u32", 1025) + b"{", [], "invalid", 413)
    add("a frame above max-frame behind one", ping + integer("u32", 4096) + quit_, [ping], "invalid", 413)
    add("length 7fffffff where max-frame allows it", integer("u32", 0x7FFFFFFF), [], "unfinished", None, 0x7FFFFFFF)
    return found
