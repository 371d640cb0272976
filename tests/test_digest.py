"""Digest: computed while bytes stream past, and validated when somebody else names it."""

import io
import tracemalloc

import pytest

from calotype.digest import BadDigest, Digest, Hasher

# The examples that FIPS 180-4 is published with.
KNOWN = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"a" * 1_000_000: "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
}
VALID = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
CHUNK_BYTES = 1 << 20


class Zeros(io.RawIOBase):
    """A long stream that is nowhere in memory."""

    def __init__(self, size_bytes: int) -> None:
        self.left = size_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = bytes(count)
        self.left -= count
        return count


@pytest.mark.parametrize(("data", "text"), KNOWN.items(), ids=["nothing", "abc", "a million a"])
def test_bytes_a_stream_and_chunks_have_the_digest_that_is_published(data: bytes, text: str):
    hasher = Hasher()
    for start in range(0, len(data), 999):
        hasher.update(data[start : start + 999])
    ways = [
        Digest.of(data), Digest.of_stream(io.BytesIO(data)), Digest.of_chunks([b"", data, b""]),
        hasher.digest(), Digest.parse(text),
    ]  # fmt: skip
    assert set(ways) == {Digest.of(data)}
    assert str(ways[0]) == text


def test_a_stream_is_never_held_whole():
    size_bytes = 64 * CHUNK_BYTES
    tracemalloc.start()
    try:
        found = Digest.of_stream(Zeros(size_bytes))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == Digest.of_chunks([bytes(CHUNK_BYTES)] * 64)
    assert peak_bytes < 8 * CHUNK_BYTES


def test_a_digest_in_capitals_is_the_same_digest():
    assert Digest.parse(VALID.upper()) == Digest.parse(VALID)
    assert str(Digest.parse(VALID.upper())) == VALID


@pytest.mark.parametrize(
    "text",
    [
        "", VALID[:-1], VALID[:-2], VALID + "0", VALID + "00", "g" + VALID[1:], "0x" + VALID[2:],
        VALID + "\n", " " + VALID[1:], "ba " + VALID[3:], VALID[:-1] + "\uff11", "sha256:" + VALID,
    ],
)  # fmt: skip
def test_what_is_no_digest_is_refused(text: str):
    with pytest.raises(BadDigest):
        Digest.parse(text)
