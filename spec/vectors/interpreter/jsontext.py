"""JSON read token by token.

`json.loads` hides what a judge has to see: numbers go through a float, and of two equal members one is lost. Here a
number keeps its literal text, and an object all of its members.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, List, NamedTuple, NoReturn, Optional

# Deeper documents are refused, so that no reply can exhaust the interpreter's stack.
DEPTH_MAX = 1000

NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
SPACE = re.compile(r"[ \t\n\r]*")


class Node(NamedTuple):
    """`type` is string, number, true, false, null, array or object.

    `content` is a string's text, a number's literal, an array's nodes, or an object's list of (name, node).
    """

    type: str
    content: Any = None


class JsonError(ValueError):
    """What was read is no JSON."""


class Scanner:
    def __init__(self, text: str):
        self.text = text
        self.offset = 0

    def document(self) -> Node:
        node = self.value(0)
        self.match(SPACE)
        if self.offset < len(self.text):
            self.fail("text behind the document")
        return node

    def fail(self, what: str) -> NoReturn:
        raise JsonError(f"{what} at character {self.offset}")

    def match(self, pattern: Any) -> Optional[str]:
        found = pattern.match(self.text, self.offset)
        if found is None:
            return None
        self.offset = found.end()
        return found.group()

    def take(self, character: str) -> bool:
        self.match(SPACE)
        if not self.text.startswith(character, self.offset):
            return False
        self.offset += 1
        return True

    def need(self, character: str) -> None:
        if not self.take(character):
            self.fail(f"no {character}")

    def value(self, depth: int) -> Node:
        if depth > DEPTH_MAX:
            self.fail(f"nested deeper than {DEPTH_MAX}")
        if self.take("{"):
            return self.object(depth)
        if self.take("["):
            return self.array(depth)
        if self.text.startswith('"', self.offset):
            return Node("string", self.string())
        for word in ("true", "false", "null"):
            if self.text.startswith(word, self.offset):
                self.offset += len(word)
                return Node(word)
        literal = self.match(NUMBER)
        if literal is None:
            self.fail("no JSON value")
        return Node("number", literal)

    def string(self) -> str:
        self.match(SPACE)
        token = self.match(STRING)
        if token is None:
            self.fail("no JSON string")
        return json.loads(token)

    def array(self, depth: int) -> Node:
        items: List[Node] = []
        if self.take("]"):
            return Node("array", items)
        items.append(self.value(depth + 1))
        while self.take(","):
            items.append(self.value(depth + 1))
        self.need("]")
        return Node("array", items)

    def object(self, depth: int) -> Node:
        members: List[Any] = []
        if self.take("}"):
            return Node("object", members)
        while True:
            name = self.string()
            self.need(":")
            members.append((name, self.value(depth + 1)))
            if not self.take(","):
                break
        self.need("}")
        return Node("object", members)


def parse_json(text: str) -> Node:
    """Reads one JSON document. Raises JsonError, which names the place."""
    return Scanner(text).document()


def member(node: Node, name: str) -> Optional[Node]:
    """The only member of that name, or None. Raises JsonError if there are two."""
    if node.type != "object":
        return None
    found = [each for each_name, each in node.content if each_name == name]
    if len(found) > 1:
        raise JsonError(f"the member {name} occurs {len(found)} times")
    return found[0] if found else None


def difference(expected: Node, observed: Node, exact: bool, path: str = "value") -> Optional[str]:
    """The first difference in words with its path, or None. Members may stand in any order.

    exact: whether numbers must have the same text (JSON-7); otherwise they are compared as doubles.
    """
    if expected.type != observed.type:
        return f"{path} is {observed.type}, not {expected.type}"
    if expected.type == "array":
        if len(expected.content) != len(observed.content):
            return f"{path} has {len(observed.content)} items, not {len(expected.content)}"
        pairs = [(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(expected.content, observed.content))]
    elif expected.type == "object":
        names, wanted = (sorted(name for name, _ in node.content) for node in (observed, expected))
        if names != wanted:
            return f"{path} has the members {json.dumps(names)}, not {json.dumps(wanted)}"
        pairs = [(node, member(observed, name), f"{path}.{name}") for name, node in expected.content]
    else:
        same = expected.content == observed.content
        if expected.type == "number" and not exact:
            same = same_double(float(expected.content), float(observed.content))
        return None if same else f"{path} is {json.dumps(observed.content)}, not {json.dumps(expected.content)}"
    for one, other, place in pairs:
        found = difference(one, other, exact, place)
        if found is not None:
            return found
    return None


def same_double(a: float, b: float) -> bool:
    """Whether two doubles are the same; 0 and -0 are not."""
    return a == b and math.copysign(1, a) == math.copysign(1, b)
