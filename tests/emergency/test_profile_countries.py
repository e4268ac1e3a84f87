"""Country profiles: data, and refused where what is real and what is not could be confused."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.emergency.broadcast.alphabet import Alphabet, alphabet_of
from baluardo.emergency.channels import Channel
from baluardo.emergency.profile.profile import Profile
from baluardo.errors import InvalidInputError, SourceError

DATA = files("baluardo.emergency.profile") / "data"
COUNTRIES = sorted(each.name.removesuffix(".toml").upper() for each in DATA.iterdir())
ITALY = (DATA / "it.toml").read_text(encoding="utf-8")


def test_there_is_more_than_one_country() -> None:
    assert len(COUNTRIES) > 1


@pytest.mark.parametrize("country", COUNTRIES)
def test_countries(country: str) -> None:
    profile = Profile.load(country)
    assert profile.country == country
    for channel in Channel:
        look = profile.look(channel)
        assert profile.prefix(channel) == look.prefix
        assert look.prefix.startswith(f"{country}-")
        words = look.words.values()
        assert all(alphabet_of(word) is Alphabet.GSM7 for word in words)  # they cost no UCS-2
        assert bool(words) is (channel is not Channel.PUBLIC)
        for level in profile.levels:
            assert profile.permits(channel, level.id) is (level.channel is channel)


def test_identifiers_of_italy() -> None:
    """FACTS, and ETSI TS 102 900 for exercise and test."""
    profile = Profile.load("IT")
    found = {each.id: (each.message_id, each.message_id_additional) for each in profile.levels}
    assert found == {
        "level-1": (4_370, 4_383),
        "level-2": (4_371, 4_384),
        "level-3": (4_375, 4_388),
        "level-4": (4_379, 4_392),
        "exercise": (4_381, 4_394),
        "test": (4_380, 4_393),
    }
    assert profile.languages[0] == "it"
    assert not profile.level("level-1").opt_out


def test_levels_belong_to_channels() -> None:
    profile = Profile.load("IT")
    profile.check_release(Channel.PUBLIC, "level-1")
    with pytest.raises(InvalidInputError, match="level-1 belongs to the channel public"):
        profile.check_release(Channel.EXERCISE, "level-1")
    with pytest.raises(InvalidInputError, match="belongs to the channel exercise, not to public"):
        profile.identifiers(Channel.PUBLIC, "exercise")
    with pytest.raises(InvalidInputError, match="is none of level-1"):
        profile.check_release(Channel.PUBLIC, "level-9")


def test_what_marks_an_exercise() -> None:
    profile = Profile.load("IT")
    marked = profile.marked(Channel.EXERCISE, "it", "Esci.")
    assert marked == "ESERCITAZIONE ESERCITAZIONE Esci. ESERCITAZIONE"
    assert profile.marked(Channel.EXERCISE, "it", marked) == marked
    assert profile.marked(Channel.PUBLIC, "it", "Esci.") == "Esci."
    profile.check_words(Channel.EXERCISE, marked)
    profile.check_words(Channel.PUBLIC, "L'esercitazione di ieri è finita. Esci.")
    for text in (marked, " Esercitazione: esci.", "ÜBUNG!", "Technical test. Leave."):
        with pytest.raises(InvalidInputError, match="begins as those of the channel"):
            profile.check_words(Channel.PUBLIC, text)


@pytest.mark.parametrize("country", ["XX", "it", "", "../IT", "I\0"])
def test_countries_that_are_not_there(country: str) -> None:
    with pytest.raises(SourceError, match="There is no profile"):
        Profile.load(country)


WRONG = {
    "a real identifier for exercises": (
        *("message_id = 4381", "message_id = 4370"),
        "Two levels have a message identifier in common",
    ),
    "an additional identifier that is another's": (
        *("message_id_additional = 4393", "message_id_additional = 4371"),
        "Two levels have a message identifier in common",
    ),
    "an identifier of no warning": ("message_id = 4381", "message_id = 50", "4370 to 4399"),
    "the colour of what is real": ("#5b3fa8", "#b3140f", "have a colour in common"),
    "its colour on dark pages": ("#b59cff", "#b3140f", "have a colour in common"),
    "a colour that is none": ("#5b3fa8", "red", "not of its form"),
    "prefixes that begin alike": ("IT-EXERCISE-", "IT-ALERT-EX-", "begin alike"),
    "a prefix that is none": ("IT-EXERCISE-", "it exercise", "not of its form"),
    "one word for two things": ('it = "PROVA TECNICA"', 'it = "Esercitazione"', "begin alike"),
    "a word within another": ('it = "PROVA TECNICA"', 'it = "ESERCITAZIONE B"', "begin alike"),
    "no word in a language": (', sl = "VAJA"', "", "needs a word in it, en, de, fr, sl"),
    "a word in front of what is real": ("words = {}", 'words = { it = "VERO" }', "in front of"),
    "a word in no language": ('sl = "VAJA"', '"s\\u0007l" = "VAJA"', "is no language"),
    "a language twice": ('"fr", "sl"]', '"sl", "sl"]', "A language stands twice"),
    "a language that is none": ('"fr", "sl"]', '"fr", "Sl"]', "languages are tags such as it"),
    "no language": ('languages = ["it", "en", "de", "fr", "sl"]', "languages = []", "1 to 5"),
    "two levels of one name": ('id = "level-2"', 'id = "level-1"', "the same id"),
    "no level for tests": ('channel = "test"', 'channel = "exercise"', "a level of its own"),
    "a channel that is none": ('channel = "test"', 'channel = "prova"', "channel is one of"),
    "a key that is unknown": ("version = 1", "version = 1\nextra = 1", "'extra' is not known"),
    "a key of a level": ("opt_out = false", "opt_out = false\ncolour = 1", "not known here"),
    "another version": ("version = 1", "version = 2", "version must be 1"),
    "a truth value for a number": ("message_id = 4381", "message_id = true", "a whole number"),
    "a missing key": ("opt_out = false\n", "", "opt_out must be true or false"),
    "a channel more": ("[channels.test]", "[channels.other]\n[channels.test]", "not known here"),
    "a channel less": ("[channels.test]", "[channels.tests]", "test must be a table"),
    "no time between broadcasts": ("repetition_s = 5.0", "repetition_s = nan", "1 to 3,600 s"),
    "a number of a mile": ("maximum_wait_s = 30", f"maximum_wait_s = 0x{'f' * 6_000}", "0 to 255"),
    "no TOML": ("version = 1", "version", "is not TOML"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_profiles(old: str, new: str, sentence: str) -> None:
    assert old in ITALY
    with pytest.raises(InvalidInputError, match=sentence) as refusal:
        Profile.parse(ITALY.replace(old, new).encode(), "mine.toml")
    assert str(refusal.value).startswith("mine.toml")
    assert str(refusal.value).isprintable()


def test_profiles_that_are_too_large() -> None:
    with pytest.raises(InvalidInputError, match="more than 65,536 octets"):
        Profile.parse(b"#" * 65_537, "mine.toml")


@given(octets=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_octets_are_refused(octets: bytes) -> None:
    with pytest.raises(InvalidInputError):
        Profile.parse(octets, "mine.toml")
