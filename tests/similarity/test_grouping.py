"""Groups: everybody in one looks like everybody else in it."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from calotype.similarity import Link, group


def links(*pairs: str) -> list[Link[str]]:
    return [Link(a, b, float(distance)) for a, b, distance in pairs]


def test_a_chain_is_not_a_group() -> None:
    found = group(links("ab1", "bc1", "cd1", "de1"))
    assert {frozenset(each.members) for each in found} == {frozenset("ab"), frozenset("cd")}


def test_a_group_grows_around_the_one_with_most_links_and_tells_its_weakest() -> None:
    [found] = group(links("ab1", "ac2", "bc5"))
    assert (found.centre, set(found.members)) == ("a", {"a", "b", "c"})
    assert (found.weakest.first, found.weakest.second, found.weakest.distance) == ("b", "c", 5.0)


def test_nothing_that_looks_alike_makes_no_group() -> None:
    assert group([]) == []


NAMES = st.integers(0, 12)


@given(st.dictionaries(st.tuples(NAMES, NAMES).filter(lambda p: p[0] < p[1]), st.integers(0, 31)))
def test_every_picture_is_in_one_group_at_most_and_linked_with_all_of_it(distances) -> None:
    found = group([Link(a, b, distance) for (a, b), distance in distances.items()])
    members = [member for each in found for member in each.members]
    assert len(members) == len(set(members))
    for each in found:
        pairs = [tuple(sorted(pair)) for pair in combinations(each.members, 2)]
        assert each.weakest.distance == max(distances[pair] for pair in pairs)
