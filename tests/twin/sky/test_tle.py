"""Two-line element sets: exactness against sgp4, every column, every kind of damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from satrecs import TEN_MICROMETRES_KM, largest_difference_km, satrec_of
from sgp4.api import Satrec
from sgp4.io import compute_checksum

from baluardo.errors import CatalogueError
from baluardo.terms import Generation
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.tle import ALPHA5, checksum, parse_tle

# CelesTrak, 2025-05-29.
NAME = "STARLINK-1008"
LINE1 = "1 44714U 19074B   25149.34210415  .00000650  00000+0  62544-4 0  9997"
LINE2 = "2 44714  53.0560  23.1004 0001894  82.1297 277.9907 15.06397367305895"


def checked(line: str) -> str:
    """Return a line with its checksum made right."""
    return line[:68] + str(compute_checksum(line))


def with_columns(line: str, first: int, text: str) -> str:
    """Return a line with other text from a column (1-based) on, its checksum made right."""
    return checked(line[: first - 1] + text + line[first - 1 + len(text) :])


def with_number(number: str) -> str:
    """Return the two lines under another catalogue number."""
    return f"{with_columns(LINE1, 3, number)}\n{with_columns(LINE2, 3, number)}"


def many(*extra: str, count: int = 40) -> bytes:
    """Return a file of many sound records with others after them."""
    sound = [with_number(f"{number:05d}") for number in range(1, count + 1)]
    return "\n".join([*sound, *extra]).encode()


def broken_reason(text: str) -> str:
    """Return why the record in a file that is otherwise sound was skipped."""
    catalogue = parse_tle(many(text), "test")
    assert len(catalogue) == 40
    assert len(catalogue.broken) == 1
    assert catalogue.broken[0].line == 81
    return catalogue.broken[0].reason


def test_positions_equal_those_of_sgp4(vectors: Path) -> None:
    data = (vectors / "tle" / "sgp4.tle").read_bytes()
    lines = [line for line in data.decode().splitlines() if line[:2] in ("1 ", "2 ")]
    catalogue = parse_tle(data, "sgp4.tle")
    assert catalogue.numbers.tolist() == [5, 44160, 44542, 25544]
    assert catalogue.names[-1] == "ISS (ZARYA)"
    for i in range(4):
        reference = Satrec.twoline2rv(lines[2 * i], lines[2 * i + 1])
        ours = satrec_of(catalogue, i)
        assert (ours.jdsatepoch, ours.jdsatepochF) == (reference.jdsatepoch, reference.jdsatepochF)
        assert largest_difference_km(ours, reference) <= TEN_MICROMETRES_KM


def test_real_catalogue_equals_sgp4(real_tle: bytes, real_catalogue: Catalogue) -> None:
    lines = real_tle.decode().splitlines()
    assert len(real_catalogue) == 7_500
    assert not real_catalogue.broken
    for i in range(0, 7_500, 50):
        reference = Satrec.twoline2rv(lines[3 * i + 1], lines[3 * i + 2])
        ours = satrec_of(real_catalogue, i)
        assert real_catalogue.numbers[i] == reference.satnum
        assert (ours.jdsatepoch, ours.jdsatepochF) == (reference.jdsatepoch, reference.jdsatepochF)
        assert largest_difference_km(ours, reference, days=3.0) <= TEN_MICROMETRES_KM


def test_generations_of_the_real_catalogue(real_catalogue: Catalogue) -> None:
    counts = np.bincount(real_catalogue.generation, minlength=4)
    # FACTS, Constellation.
    assert counts[Generation.V1] == 3_691
    assert counts[Generation.V2_MINI] == 3_203
    assert counts[Generation.V2_MINI_DIRECT_TO_CELL] == 606


@pytest.mark.parametrize("ending", ["\n", "\r\n", "   \r\n", "\n\n"])
@pytest.mark.parametrize("name", [NAME, f"0 {NAME}", f"{NAME}           ", ""])
def test_forms_of_lines_and_names(name: str, ending: str) -> None:
    text = ending.join([*([name] if name else []), LINE1, LINE2])
    for whole in (text, text + ending, "\ufeff" + text, "# comment\n" + text):
        catalogue = parse_tle(whole.encode(), "test")
        assert catalogue.names == (NAME if name else "NORAD 44714",)
        assert catalogue.numbers.tolist() == [44714]
        assert catalogue.epoch_fraction[0] == 0.34210415


@pytest.mark.parametrize(
    ("written", "number"),
    # Space-Track's documentation of Alpha-5.
    [
        ("A0000", 100_000),
        ("E8493", 148_493),
        ("J2931", 182_931),
        ("P4018", 234_018),
        ("W1928", 301_928),
        ("Z9999", 339_999),
        ("    5", 5),
        ("00005", 5),
    ],
)
def test_catalogue_numbers(written: str, number: int) -> None:
    assert parse_tle(with_number(written).encode(), "test").numbers.tolist() == [number]


def test_alpha5_has_no_i_and_no_o() -> None:
    assert len(ALPHA5) == 24
    for letter in "IOa":
        assert "catalogue number" in broken_reason(with_number(f"{letter}0001"))


def test_checksum_counts_digits_and_minus_signs() -> None:
    for line in (LINE1, LINE2, LINE1.replace(" 62544-4", "-62544-4")):
        assert checksum(line) == compute_checksum(line)


def test_wrong_checksum_is_a_broken_record() -> None:
    assert broken_reason(f"{LINE1[:-1]}8\n{LINE2}") == (
        "the checksum of line 1 is 7, but 8 is written"
    )
    assert "line 2" in broken_reason(f"{LINE1}\n{LINE2[:-1]}0")


@pytest.mark.parametrize(
    ("line", "first", "text", "words"),
    [
        (1, 8, "x", "classification"),
        (1, 19, "2x", "epoch year"),
        (1, 21, "149,34210415", "epoch day"),
        (1, 21, "000.34210415", "epoch day 0"),
        (1, 21, "399.34210415", "epoch day 399"),
        (1, 34, " 1.0000650", "first derivative"),
        (1, 45, " 0000x+0", "second derivative"),
        (1, 54, "  2544-4", "drag term"),
        (1, 63, "4", "SGP4-XP"),
        (2, 9, " 53,0560", "inclination"),
        (2, 18, "1 3.1004", "right ascension"),
        (2, 27, "-001894", "eccentricity"),
        (2, 35, " 82.129-", "argument of perigee"),
        (2, 44, "x77.9907", "mean anomaly"),
        (2, 53, "00.00000000", "mean motion 0 "),
        (2, 53, "99.00000000", "mean motion 99 "),
        (2, 9, "190.0000", "inclination 190 "),
        (2, 18, "400.0000", "right ascension of the node 400 "),
    ],
)
def test_damaged_columns_are_named(line: int, first: int, text: str, words: str) -> None:
    lines = [LINE1, LINE2]
    lines[line - 1] = with_columns(lines[line - 1], first, text)
    assert words in broken_reason("\n".join(lines))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LINE1, "line 1 is not followed by its line 2"),
        (LINE2, "line 2 stands without its line 1"),
        ("LONELY", "'LONELY' is followed by no element lines"),
        (f"{LINE1}\n{with_columns(LINE2, 3, '44715')}", "line 1 is of satellite 44714"),
        (f"{LINE1}x\n{LINE2}", "line 1 has 70 characters"),
        (f"{LINE1}\n{LINE2[:60]}", "line 2 has 60 characters"),
        (f"{'N' * 41}\n{LINE1}\n{LINE2}", "no satellite's name"),
        (with_number("00000"), "is not a number above 0"),
    ],
)
def test_what_cannot_be_paired_is_broken(text: str, words: str) -> None:
    assert words in broken_reason(text)


def test_more_than_a_twentieth_broken_is_refused() -> None:
    bad = f"{LINE1[:-1]}8\n{LINE2}"
    assert len(parse_tle(many(bad, bad), "test").broken) == 2
    with pytest.raises(CatalogueError, match=r"3 of 43 records are broken.*line 81"):
        parse_tle(many(bad, bad, bad), "test")


@pytest.mark.parametrize("data", [b"", b" \r\n\n", b"\xef\xbb\xbf", b"hello", b"\0" * 300])
def test_what_is_no_catalogue_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(CatalogueError, match=r"^nothing.tle (is empty|holds no).*\.$"):
        parse_tle(data, "nothing.tle")


def test_newest_elements_of_a_satellite_are_kept() -> None:
    older = with_columns(LINE1, 21, "148.00000000")
    newer = with_columns(LINE1, 21, "150.00000000")
    for order in ([newer, older], [older, newer]):
        text = "\n".join(f"{line}\n{LINE2}" for line in order)
        catalogue = parse_tle(text.encode(), "test")
        assert catalogue.epoch_fraction.tolist() == [0.0]
        assert catalogue.epoch_jd.tolist() == [2_460_825.5]
        assert not catalogue.broken


def test_letters_in_a_foreign_encoding_cost_no_record() -> None:
    catalogue = parse_tle(b"SAT\xc9LLITE \x1b[31m\n" + f"{LINE1}\n{LINE2}".encode(), "test")
    assert catalogue.names == ("SAT\ufffdLLITE \ufffd[31m",)


def test_endless_rubbish_is_given_up() -> None:
    with pytest.raises(CatalogueError):
        parse_tle(f"{LINE1}\n".encode() * 500_000, "test")
    with pytest.raises(CatalogueError, match="more than 2,000,000 lines"):
        parse_tle(b"\n" * 2_000_001 + b"x", "test")
