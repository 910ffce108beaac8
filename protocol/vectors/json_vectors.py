"""The JSON envelopes of section 7, for generate.py."""

import json

TEXT, JSON = 1, 3
SHOWN_BYTES_MAX = 1000


def _vector(name, data, frame):
    """The frame, and its text where it has one that a reader would look at."""
    try:
        shown = {"text": data.decode()} if len(data) <= SHOWN_BYTES_MAX else {}
    except UnicodeDecodeError:
        shown = {}
    return {"name": name, "hex": frame(data).hex(), **shown}


def json_requests(frame):
    """Envelopes with what they mean, and envelopes with the statuses that they may get."""
    valid, invalid = [], []

    def good(name, text, command, key=b"", value=b"", tag=0):
        data = text if isinstance(text, bytes) else text.encode()
        valid.append({**_vector(name, data, frame), "command": command, "key": key.hex(), "value": value.hex(),
                      "tag": tag})

    def bad(name, text, statuses=(400,)):
        data = text if isinstance(text, bytes) else text.encode()
        invalid.append({**_vector(name, data, frame), "statuses": list(statuses)})

    _plain(good)
    _values(good)
    _odd_but_valid(good)
    _no_json(bad)
    _no_request(bad)
    return valid, invalid


def _plain(good):
    good("GET", '{"command":"GET","key":"foo"}', "GET", b"foo")
    good("SET text", '{"command":"SET","key":"foo","value":"bar"}', "SET", b"foo", b"bar", TEXT)
    good("DEL", '{"command":"DEL","key":"foo"}', "DEL", b"foo")
    good("RST", '{"command":"RST"}', "RST")
    good("members in another order", '{"value":"bar","key":"foo","command":"SET"}', "SET", b"foo", b"bar", TEXT)
    good("white space around everything",
         '{ \t\r\n"command" : "SET" ,\n"key"\t:\r"foo", "value" : [ 1 , 2 ] \n}\r\n\t ',
         "SET", b"foo", b"[ 1 , 2 ]", JSON)


def _values(good):
    texts = ["null", "true", "false", "0", "-0", "1.10", "1e3", "1E+03", "9007199254740993", "-1.5e-300",
             "123456789012345678901234567890", "[]", "{}", '["b","a","r"]', '{"a":{"b":[1,2,{}]}}', "[1.0, 1.00]",
             '{"a":1,"a":2}', '{"__proto__":{"x":1}}', '["\\ud800"]', '{"\\udfff":"\\ud83d"}', '["\\u0000"]',
             "[" * 64 + "]" * 64, '{"a":' * 64 + "1" + "}" * 64]
    for text in texts:
        shown = text if len(text) < 40 else f"{text[:6]}… nested 64 levels deep"
        good(f"SET {shown}", f'{{"command":"SET","key":"foo","value":{text}}}', "SET", b"foo", text.encode(), JSON)
    strings = {'""': b"", '"\\u0000"': b"\0",
               '"\\"\\\\\\/\\b\\f\\n\\r\\t"': b'"\\/\b\f\n\r\t', '"ж😀"': "ж😀".encode(),
               '"\\u0436\\uD83D\\ude00"': "ж😀".encode(), '"\u007f\u2028\u2029"': "\u007f\u2028\u2029".encode(),
               '"\ufeffx"': "\ufeffx".encode(), '"[1,2]"': b"[1,2]", '"\\\\ud800"': b"\\ud800"}
    for text, stored in strings.items():
        good(f"SET string {text}", f'{{"command":"SET","key":"foo","value":{text}}}', "SET", b"foo", stored, TEXT)
    good("SET a string of 5000 bytes", '{"command":"SET","key":"foo","value":"%s"}' % ("x" * 5000), "SET", b"foo",
         b"x" * 5000, TEXT)


def _odd_but_valid(good):
    good("a name with escapes", '{"\\u0063ommand":"GET","\\u006b\\u0065\\u0079":"foo"}', "GET", b"foo")
    good("a command with escapes", '{"command":"\\u0047ET","key":"foo"}', "GET", b"foo")
    good("a key with escapes", '{"command":"GET","key":"f\\u006f\\u006F\\n"}', "GET", b"foo\n")
    good("a key beyond ASCII", '{"command":"GET","key":"ключ😀"}', "GET", "ключ😀".encode())
    good("a key of one 00", '{"command":"GET","key":"\\u0000"}', "GET", b"\0")
    good("a key that an object inherits", '{"command":"GET","key":"__proto__"}', "GET", b"__proto__")
    good("of two keys the last counts", '{"command":"GET","key":"a","key":"b"}', "GET", b"b")
    good("of two commands the last counts", '{"command":"RST","command":"GET","key":"a"}', "GET", b"a")
    good("of two values the last counts", '{"command":"SET","key":"a","value":1,"value":"b"}', "SET", b"a", b"b", TEXT)
    good("of two names, one with escapes, the last counts", '{"command":"GET","key":"a","\\u006bey":"b"}', "GET",
         b"b")
    good("other members", '{"id":7,"command":"GET","Key":"x","key":"foo","":[{"key":"y"}]}', "GET", b"foo")
    good("a member __proto__", '{"__proto__":{"command":"RST","key":"x"},"command":"GET","key":"foo"}', "GET", b"foo")
    good("a name that has no UTF-8 form", '{"\\ud800":1,"command":"GET","key":"foo"}', "GET", b"foo")
    good("GET with a value, which is another member", '{"command":"GET","key":"foo","value":"\\ud800"}', "GET", b"foo")
    good("RST with a key, which is another member", '{"command":"RST","key":7}', "RST")


def _no_json(bad):
    start = '{"command":"GET","key":"foo"'
    bad("nothing behind the brace", "{")
    bad("empty object", "{}")
    bad("the closing brace is missing", start)
    bad("a comma before the end", start + ",}")
    bad("a comma after the beginning", '{,"command":"GET","key":"foo"}')
    bad("garbage behind the end", start + "}x")
    bad("a second object", start + "}{}")
    bad("00 behind the end", start + "}\0")
    bad("no comma", '{"command":"GET" "key":"foo"}')
    bad("no colon", '{"command" "GET","key":"foo"}')
    bad("a name without quotes", '{command:"GET","key":"foo"}')
    bad("single quotes", "{'command':'GET','key':'foo'}")
    bad("a name that is a number", '{1:2,"command":"GET","key":"foo"}')
    bad("a comment", start + "/* */}")
    bad("a form feed as white space", start + "\f}")
    bad("a no-break space as white space", start + "\u00a0}")
    bad("a mark of byte order inside", '{\ufeff"command":"GET","key":"foo"}')
    bad("a wrong bracket", start + "]")
    bad("a string without an end", '{"command":"GET","key":"foo}')
    bad("an escape without an end", '{"command":"GET","key":"foo\\"}')
    for value in ("", ",", "01", "-01", "+1", "-", ".5", "1.", "1.e1", "1e", "1e+", "0x1", "NaN", "Infinity", "nul",
                  "nulll", "True", "undefined", '"\\x"', '"\\u12"', '"\\u12g4"', '"\\U1234"', '"\t"', '"\n"', '"\0"',
                  "[", "[1", "[1,", "[,]", "[1,]", "[1 2]", "[1}", "[1]]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}',
                  "{,}", "{1}", '{"a":1]', '{"a"}', "{a:1}", "[]{}", "1 2"):
        bad(f"value {json.dumps(value)[1:-1]}", f'{{"command":"SET","key":"foo","value":{value}}}')
    sequences = {"ff": b"\xff", "a lone continuation": b"\x80", "a sequence cut off": b"\xd0",
                 "an overlong slash": b"\xc0\xaf", "an encoded surrogate": b"\xed\xa0\x80",
                 "above U+10FFFF": b"\xf4\x90\x80\x80"}
    for name, sequence in sequences.items():
        bad(f"no UTF-8 in the key: {name}", b'{"command":"GET","key":"' + sequence + b'"}')
    bad("no UTF-8 in a value", b'{"command":"SET","key":"foo","value":["\xff"]}')
    bad("no UTF-8 in another member", b'{"command":"GET","key":"foo","x":"\xff"}')
    bad("no UTF-8 behind the end", b'{"command":"RST"}\xff')


def _no_request(bad):
    bad("no command", '{"key":"foo"}')
    bad("an unknown command", '{"command":"UNKNOWN","key":"foo"}')
    bad("a binary operation's name", '{"command":"DELETE","key":"foo"}')
    bad("a command in small letters", '{"command":"get","key":"foo"}')
    bad("a command with a space", '{"command":"GET ","key":"foo"}')
    bad("a command that an object inherits", '{"command":"toString","key":"foo"}')
    bad("a command __proto__", '{"command":"__proto__","key":"foo"}')
    bad("a command that is no string", '{"command":7,"key":"foo"}')
    bad("a command in a list", '{"command":["GET"],"key":"foo"}')
    bad("a command null", '{"command":null,"key":"foo"}')
    bad("a command only within another member", '{"x":{"command":"RST"}}')
    bad("the last command is unknown", '{"command":"RST","command":"X"}')
    for command in ("GET", "SET", "DEL"):
        rest = ',"value":1' if command == "SET" else ""
        bad(f"{command} without a key", f'{{"command":"{command}"{rest}}}')
        bad(f"{command}, an empty key", f'{{"command":"{command}","key":""{rest}}}')
        for key in ("1", "null", "true", '["foo"]', '{"a":"foo"}'):
            bad(f"{command}, key {key}", f'{{"command":"{command}","key":{key}{rest}}}')
        for key in ('"\\ud800"', '"\\udc00"', '"x\\ud83dy"', '"\\udc00\\ud800"'):
            bad(f"{command}, key {key}, a lone surrogate", f'{{"command":"{command}","key":{key}{rest}}}')
    bad("SET without a value", '{"command":"SET","key":"foo"}')
    bad("SET, a misspelt value", '{"command":"SET","key":"foo","Value":1}')
    for value in ('"\\ud800"', '"\\uDBFFx"', '"\\udc00"', '"\\ude00\\ud83d"'):
        bad(f"SET {value}, a lone surrogate", f'{{"command":"SET","key":"foo","value":{value}}}')
    bad("SET, nested 65 levels deep", '{"command":"SET","key":"foo","value":' + "[" * 65 + "]" * 65 + "}",
        (200, 400, 413))
    bad("SET, 10000 opening brackets", '{"command":"SET","key":"foo","value":' + "[" * 10000, (400, 413))


def json_replies():
    """Stored values with the JSON text that a GET gives, and those that it cannot give."""
    given, refused = [], []
    for name, stored, tag in (
        ("text", b"bar", 1),
        ("text without TAG", b"bar", 0),
        ("nothing", b"", 0),
        ("an unknown TAG", b"bar", 4294967295),
        ("MessagePack that is UTF-8", b"\x01", 4),
        ("text that looks like JSON", b"[1,2]", 1),
        ("quotes and control characters", b'"\\\0\x1f\n\x7f', 1),
        ("beyond ASCII", "ж😀\u2028".encode(), 1),
        ("a mark of byte order", "\ufeffx".encode(), 1),
    ):
        given.append({"name": name, "stored": stored.hex(), "tag": tag,
                      "value": json.dumps(stored.decode(), ensure_ascii=False)})
    for text in ("null", "0", "1.10", "9007199254740993", '"x"', '["\\ud800"]', ' [1 ,\t2]\n', '{"a":1,"a":2}',
                 "[" * 64 + "]" * 64):
        given.append({"name": f"JSON {text[:20].strip()}", "stored": text.encode().hex(), "tag": JSON, "value": text})
    for name, stored, tag, statuses in (
        ("no UTF-8", b"\xff", 0, [400]),
        ("no UTF-8 in text", b"x\x80", 1, [400]),
        ("no UTF-8 in JSON", b'"\xff"', 3, [400]),
        ("an encoded surrogate", b"\xed\xa0\x80", 1, [400]),
        ("JSON of nothing", b"", 3, [400]),
        ("JSON of white space", b" \n", 3, [400]),
        ("no JSON", b"bar", 3, [400]),
        ("JSON with garbage behind", b"1 x", 3, [400]),
        ("JSON that would close the envelope", b'1},{"x":2', 3, [400]),
        ("JSON that would add a member", b'1,"x":2', 3, [400]),
        ("JSON cut off", b"[1", 3, [400]),
        ("JSON behind a mark of byte order", b"\xef\xbb\xbf1", 3, [400]),
        ("JSON nested 65 levels deep", b"[" * 65 + b"]" * 65, 3, [200, 400, 413]),
    ):
        refused.append({"name": name, "stored": stored.hex(), "tag": tag, "statuses": statuses})
    return given, refused
