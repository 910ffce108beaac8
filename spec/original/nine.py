#!/usr/bin/env python3
"""The nine functional tests of the Python client `speicher`, with the standard library of Python alone.

A server is found by SERVER_HOST and SERVER_PORT (localhost:14567 unless they are set). The exit status is 0 if all
nine pass. The client below is the original's behaviour on the wire: one frame out, the four bytes of the length with
ONE recv, then the rest; so a server that sends a reply's header alone may fail here (TRANSPORT-6).
"""

import json
import os
import socket
import struct
import unittest

HOST = os.environ.get("SERVER_HOST") or "localhost"
PORT = int(os.environ.get("SERVER_PORT") or 14567)
TIMEOUT_SECONDS = 10.0
CHUNK_BYTES = 1_000_000


class ClientError(Exception):
    """A reply with a status between 400 and 499."""

    def __init__(self, status_code):
        super().__init__("status %d" % status_code)
        self.status_code = status_code


class ServerError(Exception):
    """A reply with a status between 500 and 599."""


class Speicher:
    """The original's client: `set` of None deletes, `get` of a missing key is None."""

    def __init__(self):
        self.socket = socket.create_connection((HOST, PORT), TIMEOUT_SECONDS)

    def close(self):
        self.socket.close()

    def request(self, **members):
        body = json.dumps(members).encode("utf-8")
        self.socket.sendall(struct.pack(">i", len(body)) + body)
        header = self.socket.recv(4)
        if len(header) < 4:
            raise ConnectionError("the length came in pieces, or not at all")
        (remaining,) = struct.unpack(">i", header)
        if remaining <= 0:
            raise ConnectionError("a length of %d" % remaining)
        chunks = []
        while remaining > 0:
            chunk = self.socket.recv(min(remaining, CHUNK_BYTES))
            if not chunk:
                raise ConnectionError("the reply ends in its middle")
            chunks.append(chunk)
            remaining -= len(chunk)
        reply = json.loads(b"".join(chunks).decode("utf-8"))
        status = reply["status_code"]
        if status == 200:
            return reply
        if 400 <= status <= 499:
            raise ClientError(status)
        if 500 <= status <= 599:
            raise ServerError(status)
        raise ValueError("status %r" % status)

    def set(self, key, value):
        if value is None:
            self.delete(key)
        else:
            self.request(command="SET", key=key, value=value)

    def get(self, key):
        try:
            return self.request(command="GET", key=key)["value"]
        except ClientError as error:
            if error.status_code == 404:
                return None
            raise

    def delete(self, key):
        try:
            self.request(command="DEL", key=key)
        except ClientError as error:
            if error.status_code == 404:
                return False
            raise
        return True

    def reset(self):
        self.request(command="RST")


class OriginalTests(unittest.TestCase):
    def setUp(self):
        self.client = Speicher()
        self.addCleanup(self.client.close)
        self.client.reset()

    def assert_client_error(self, **members):
        """Any status between 400 and 499 will do, as it did there."""
        with self.assertRaises(ClientError):
            self.client.request(**members)

    def test_1_get_and_set(self):
        self.assertIsNone(self.client.get("foo"))
        self.client.set("foo", "bar")
        self.assertEqual(self.client.get("foo"), "bar")

    def test_2_set_a_list(self):
        self.client.set("foo", ["b", "a", "r"])
        self.assertEqual(self.client.get("foo"), ["b", "a", "r"])

    def test_3_set_none(self):
        self.client.set("foo", None)
        self.assertIs(self.client.delete("foo"), False)

    def test_4_delete(self):
        self.client.set("foo", "bar")
        self.assertIs(self.client.delete("foo"), True)
        self.assertIsNone(self.client.get("foo"))

    def test_5_reset(self):
        self.client.set("foo", "bar")
        self.client.reset()
        self.assertIsNone(self.client.get("foo"))

    def test_6_unknown_command(self):
        self.assert_client_error(command="UNKNOWN")

    def test_7_get_without_a_key(self):
        self.assert_client_error(command="GET")

    def test_8_get_of_a_missing_key(self):
        self.assert_client_error(command="GET", key="test")

    def test_9_delete_is_no_command(self):
        self.assert_client_error(command="DELETE")


if __name__ == "__main__":
    unittest.main(verbosity=2)
