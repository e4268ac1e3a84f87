"""Random octets for those who may not touch a primitive."""

from __future__ import annotations

import pytest

from baluardo.errors import InvalidInputError
from baluardo.trust.randomness import MOST_OCTETS, random_octets


@pytest.mark.parametrize("octets", [0, 1, 16, 100_000])
def test_as_many_as_were_asked_for_and_never_the_same(octets: int) -> None:
    one, other = random_octets(octets), random_octets(octets)
    assert len(one) == len(other) == octets
    assert octets < 16 or one != other


@pytest.mark.parametrize("octets", [-1, MOST_OCTETS + 1])
def test_more_than_anybody_needs_is_refused(octets: int) -> None:
    with pytest.raises(InvalidInputError, match="random octets: from 0 to"):
        random_octets(octets)
