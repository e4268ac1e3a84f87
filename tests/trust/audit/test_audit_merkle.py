"""Trees and proofs: the reference values of certificate-transparency, and every small tree.

The eight leaves, their roots and the proofs are those of transparency-dev/merkle,
proof/verify_test.go (commit 02194e9, Apache-2.0), which has them from google/certificate-
transparency, merkle_tree_test.cc.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, LogError
from baluardo.trust.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    complete_root,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
# Index of the leaf, size of the tree, path.
INCLUSION = [
    (0, 1, ""),
    (
        0,
        8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (
        5,
        8,
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    (
        1,
        5,
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
]
# Sizes of the two trees, proof.
CONSISTENCY = [
    (1, 1, ""),
    (
        1,
        8,
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (
        6,
        8,
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (
        2,
        5,
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
    (
        6,
        7,
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
]

LEAVES = [leaf_hash(entry) for entry in ENTRIES]
SOME_HASH = bytes.fromhex("abacaba000000000000000000000000000000000000000000060061e00123456")


def hashes(joined: str) -> tuple[bytes, ...]:
    octets = bytes.fromhex(joined)
    return tuple(octets[i : i + 32] for i in range(0, len(octets), 32))


def reader(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """Nodes straight from the leaves."""

    def read(level: int, index: int) -> bytes:
        part = leaves[index << level : (index + 1) << level]
        assert len(part) == 1 << level, "a proof asked for a subtree that is not complete"
        return complete_root(part)

    return read


def many(count: int) -> list[bytes]:
    return [leaf_hash(str(i).encode()) for i in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    assert frontier.root() == ROOTS[size]
    assert root_of(LEAVES[:size]) == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int, path: str) -> None:
    proof = hashes(path)
    assert inclusion_proof(index, size, reader(LEAVES)) == proof
    verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY)
def test_consistency_proofs_are_the_published_ones(old: int, new: int, path: str) -> None:
    proof = hashes(path)
    assert consistency_proof(old, new, reader(LEAVES)) == proof
    verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])


@pytest.mark.parametrize(("index", "size", "path"), INCLUSION[1:])
def test_corrupt_inclusion_proofs_are_refused(index: int, size: int, path: str) -> None:
    """The corruptions of transparency-dev's corruptInclusionProof."""
    proof, leaf, root = hashes(path), LEAVES[index], ROOTS[size]
    wrong = [
        (leaf, index - 1, size, proof, root),
        (leaf, index + 1, size, proof, root),
        (leaf, index ^ 2, size, proof, root),
        (leaf, index, size * 2, proof, root),
        (leaf, index, size // 2, proof, root),
        (b"WrongLeaf", index, size, proof, root),
        (SOME_HASH, index, size, proof, root),
        (leaf, index, size, proof, EMPTY_ROOT),
        (leaf, index, size, proof, SOME_HASH),
        (leaf, index, size, (*proof, b""), root),
        (leaf, index, size, (*proof, root), root),
        (leaf, index, size, (b"", *proof), root),
        (leaf, index, size, (root, *proof), root),
        (leaf, index, size, proof[:-1], root),
        (leaf, index, size, (proof[0], SOME_HASH, *proof[1:]), root),
        (leaf, index, size, proof * 40, root),
    ]
    for i, each in enumerate(proof):
        flipped = bytes([each[0] ^ 8]) + each[1:]
        wrong.append((leaf, index, size, (*proof[:i], flipped, *proof[i + 1 :]), root))
    for case in wrong:
        with pytest.raises(LogError):
            verify_inclusion(*case)


@pytest.mark.parametrize(("old", "new", "path"), CONSISTENCY[1:])
def test_corrupt_consistency_proofs_are_refused(old: int, new: int, path: str) -> None:
    """The corruptions of transparency-dev's corruptConsistencyProof."""
    proof, first, second = hashes(path), ROOTS[old], ROOTS[new]
    wrong = [
        (old - 1, new, proof, first, second),
        (old + 1, new, proof, first, second),
        (old ^ 2, new, proof, first, second),
        (old, new * 2, proof, first, second),
        (old, new // 2, proof, first, second),
        (old, new, proof, b"WrongRoot", second),
        (old, new, proof, first, b"WrongRoot"),
        (old, new, proof, second, first),
        (old, new, (), first, second),
        (old, new, (*proof, b""), first, second),
        (old, new, (*proof, first), first, second),
        (old, new, (*proof, second), first, second),
        (old, new, (b"", *proof), first, second),
        (old, new, (first, *proof), first, second),
        (old, new, (second, *proof), first, second),
        (old, new, (proof[0], *proof), first, second),
        (old, new, proof[:-1], first, second),
    ]
    for i, each in enumerate(proof):
        flipped = bytes([each[0] ^ 16]) + each[1:]
        wrong.append((old, new, (*proof[:i], flipped, *proof[i + 1 :]), first, second))
    for case in wrong:
        with pytest.raises(LogError):
            verify_consistency(*case)


def test_trivial_consistency_is_judged_strictly() -> None:
    verify_consistency(0, 0, (), EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 5, (), EMPTY_ROOT, ROOTS[5])
    verify_consistency(5, 5, (), ROOTS[5], ROOTS[5])
    for case in (
        (0, 5, (ROOTS[1],), EMPTY_ROOT, ROOTS[5]),
        (0, 5, (), ROOTS[1], ROOTS[5]),
        (0, 0, (), EMPTY_ROOT, ROOTS[1]),
        (5, 5, (), ROOTS[5], ROOTS[4]),
        (5, 5, (ROOTS[5],), ROOTS[5], ROOTS[5]),
        (5, 4, (), ROOTS[5], ROOTS[4]),
        (-1, 4, (), EMPTY_ROOT, ROOTS[4]),
        (1, 2**63, (), ROOTS[1], ROOTS[4]),
    ):
        with pytest.raises(LogError):
            verify_consistency(*case)


def test_every_proof_of_every_small_tree_verifies() -> None:
    leaves = many(40)
    read = reader(leaves)
    roots = [root_of(leaves[:size]) for size in range(41)]
    for size in range(1, 41):
        for index in range(size):
            proof = inclusion_proof(index, size, read)
            verify_inclusion(leaves[index], index, size, proof, roots[size])
        for old in range(size + 1):
            verify_consistency(
                old, size, consistency_proof(old, size, read), roots[old], roots[size]
            )


@given(st.integers(0, 700), st.integers(0, 700))
def test_a_frontier_can_be_read_and_grown_anywhere(start: int, end: int) -> None:
    start, end = min(start, end), max(start, end)
    leaves = many(end)
    frontier = Frontier.read(start, reader(leaves))
    copy = frontier.copy()
    for leaf in leaves[start:]:
        frontier.append(leaf)
    assert frontier.root() == root_of(leaves)
    assert copy.root() == root_of(leaves[:start])


def test_subtrees_stand_for_their_leaves() -> None:
    leaves = many(1024 + 3)
    frontier = Frontier()
    for start in range(0, 1024, 256):
        frontier.append_subtree(8, complete_root(leaves[start : start + 256]))
    for leaf in leaves[1024:]:
        frontier.append(leaf)
    assert frontier.root() == root_of(leaves)
    with pytest.raises(InvalidInputError, match="cannot start at 1027"):
        frontier.append_subtree(8, leaves[0])


def test_impossible_questions_are_refused() -> None:
    read = reader(LEAVES)
    for question in (
        lambda: inclusion_proof(8, 8, read),
        lambda: inclusion_proof(-1, 8, read),
        lambda: consistency_proof(9, 8, read),
        lambda: consistency_proof(-1, 8, read),
        lambda: complete_root(LEAVES[:3]),
        lambda: complete_root([]),
        lambda: Frontier(3, LEAVES[:1]),
    ):
        with pytest.raises(InvalidInputError):
            question()


def test_a_leaf_is_never_a_node() -> None:
    left, right = LEAVES[0], LEAVES[1]
    assert leaf_hash(left + right) != node_hash(left, right)


@given(
    st.integers(-1, 70),
    st.integers(-1, 70),
    st.lists(st.binary(min_size=30, max_size=33), max_size=8),
)
def test_hostile_proofs_are_refused_with_a_sentence(a: int, b: int, proof: list[bytes]) -> None:
    for verify in (
        lambda: verify_inclusion(LEAVES[0], a, b, proof, SOME_HASH),
        lambda: verify_consistency(a, b, proof, SOME_HASH, LEAVES[1]),
    ):
        with pytest.raises(LogError):
            verify()
