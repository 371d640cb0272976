"""Bands: nothing near is missed, in memory and by the keys that PostgreSQL is asked with."""

import random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calotype.similarity import WIDEST, Banded
from calotype.similarity.banding import (
    BANDS,
    HASH_BITS,
    ORDER,
    bits_of,
    keys,
    place_of,
    tile_keys,
    turns,
)
from tests.similarity.hashes import apart, crowd, turned

HASHES = st.binary(min_size=32, max_size=32)
SCOPE = UUID(int=0xBEEF)
RADII = [0, 1, 5, 6, 15, 16, 23, WIDEST]


def test_the_order_of_the_bands_has_every_bit_once() -> None:
    assert sorted(ORDER) == list(range(HASH_BITS))


@pytest.mark.parametrize("radius", range(WIDEST + 1))
def test_the_bands_cannot_all_differ_more_than_they_are_searched(radius: int) -> None:
    assert sum(each + 1 for each in turns(radius)) == radius + 1


def test_what_is_wider_than_the_bands_can_promise_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        turns(WIDEST + 1)


@given(HASHES, st.sampled_from(RADII), st.randoms(use_true_random=False))
def test_two_hashes_within_a_radius_share_a_key(
    phash: bytes, radius: int, chance: random.Random
) -> None:
    other = turned(phash, chance.sample(range(HASH_BITS), radius))
    stored = [band[0] for band in keys(SCOPE, bits_of(other), BANDS - 1)]
    asked = keys(SCOPE, bits_of(phash), radius)
    assert any(value in wanted for value, wanted in zip(stored, asked, strict=True))


@given(st.uuids(), HASHES, st.sampled_from(RADII))
def test_the_keys_are_a_rectangle_of_values_that_a_column_holds(scope, phash, radius) -> None:
    asked = keys(scope, bits_of(phash), radius)
    assert len({len(band) for band in asked}) == 1
    held = [each for band in asked for each in band if each is not None]
    assert all(-(1 << 31) <= each < 1 << 31 for each in held)
    assert {each >> 16 & 0xFFFF for each in held} == {place_of(scope)}


@pytest.mark.parametrize("radius", RADII)
def test_memory_finds_what_brute_force_finds(radius: int) -> None:
    chance = random.Random(radius)
    hashes = crowd(chance, 3000)
    banded = Banded.of(np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32))
    for _ in range(50):
        wanted = turned(chance.choice(hashes), chance.sample(range(HASH_BITS), radius))
        places, distances = banded.near(wanted, radius)
        true = {
            place: bits
            for place, each in enumerate(hashes)
            if (bits := apart(each, wanted)) <= radius
        }
        assert dict(zip(places.tolist(), distances.tolist(), strict=True)) == true


def test_an_empty_memory_finds_nothing() -> None:
    banded = Banded.of(np.empty((0, 32), np.uint8))
    assert [part.tolist() for part in banded.near(bytes(32), WIDEST)] == [[], []]


@given(st.uuids(), st.uuids(), st.lists(st.binary(min_size=8, max_size=11), max_size=32))
def test_tenants_share_no_key_of_a_detail(one, other, tiles) -> None:
    found = tile_keys(one, tiles)
    assert found == sorted(set(found))
    assert all(0 <= key < 1 << 63 for key in found)
    if one.int % (1 << 44) != other.int % (1 << 44):
        assert not set(found) & set(tile_keys(other, tiles))
