"""Randomness that a seed repeats in every interpreter: mulberry32 over FNV-1a of the seed's text."""

from __future__ import annotations

from typing import List, TypeVar

Item = TypeVar("Item")

MASK = 0xFFFF_FFFF


class Random:
    def __init__(self, seed: str):
        self.state = 0x811C9DC5
        for byte in seed.encode("utf-8"):
            self.state = ((self.state ^ byte) * 0x01000193) & MASK

    def below(self, bound: int) -> int:
        """A whole number from 0 up to, not including, `bound`, which is at most 2^32."""
        self.state = (self.state + 0x6D2B79F5) & MASK
        mixed = ((self.state ^ (self.state >> 15)) * (self.state | 1)) & MASK
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) & MASK
        return (mixed ^ (mixed >> 14)) * bound >> 32

    def bytes(self, count: int) -> bytes:
        return bytes(self.below(256) for _ in range(count))

    def shuffled(self, items: List[Item]) -> List[Item]:
        """A new list with the items in another order."""
        result = list(items)
        for index in range(len(result) - 1, 0, -1):
            other = self.below(index + 1)
            result[index], result[other] = result[other], result[index]
        return result
