"""Feeds in `warnings.toml`: what may be set, and a sentence for what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.feed_settings import FeedSettings
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.errors import BaluardoError, InvalidInputError
from baluardo.trust.certificates.pinned import PinnedCertificate
from baluardo.trust.certificates.xml_seal import make_xml_seal
from baluardo.trust.identity import Identity, Kind

ONE = '[[feeds]]\nname = "meteo"\nurl = "https://meteo.example/atom.xml"\n'


def read(text: str) -> WarningSettings:
    return WarningSettings.of_toml(text, "warnings.toml")


def test_feeds_are_read_with_their_defaults() -> None:
    assert read("").feeds == ()
    assert read(ONE).feeds == (FeedSettings("meteo", "https://meteo.example/atom.xml", 30.0),)
    more = '[[feeds]]\nname = "lab"\nurl = "http://10.0.0.5/rss"\nevery_s = 5\nprivate = true\n'
    signed = 'signers = ["signers/lab.pem"]\n'
    lab = FeedSettings("lab", "http://10.0.0.5/rss", 5.0, True, ("signers/lab.pem",))
    assert read(ONE + more + signed).feeds[1] == lab


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("feeds = 1", r"feeds are \[\[feeds\]\] tables"),
        ("[[feeds]]", "a name of small letters and dashes"),
        (ONE.replace("meteo", "Meteo Nord", 1), "small letters and dashes"),
        (ONE.replace('"meteo"', "7", 1), "name and url of a feed are texts"),
        (ONE.replace("https:", "ftp:"), "The feed meteo: .* is no address"),
        (ONE.replace("https:", "http:"), "The feed meteo: .*plain http is for private networks"),
        (ONE.replace("meteo.example", "a:b@meteo.example"), "no user or password"),
        (ONE + "every_s = 4.9", "every_s is 5 to 86,400 seconds"),
        (ONE + "every_s = nan", "every_s is 5 to"),
        (ONE + f"every_s = 1{'0' * 400}", "every_s is 5 to"),
        (ONE + "every_s = true", "every_s of a feed is a number"),
        (ONE + 'every_s = "30"', "every_s of a feed is a number"),
        (ONE + "private = 1", "private of a feed is true or false"),
        (ONE + 'signers = "a.pem"', "signers of a feed is a list of PEM files"),
        (ONE + 'signers = ["../a.pem"]', "below the authority's directory"),
        (ONE + 'signers = ["/etc/a.pem"]', "below the authority's directory"),
        (ONE + 'signers = [""]', "below the authority's directory"),
        (ONE + f"signers = {['a.pem'] * 17}", "at most 16 signers"),
        (ONE + "password = 1", "'password' is no setting of a feed: name, url"),
        (ONE + ONE, "Each feed has a name of its own"),
        ("".join(ONE.replace("meteo", f"m{n}", 1) for n in range(17)), "At most 16 feeds"),
    ],
)
def test_wrong_values_have_a_sentence(text: str, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        read(text)


def test_signers_are_read_when_the_authority_starts(tmp_path: Path) -> None:
    settings = read(ONE + 'signers = ["signers/meteo.pem"]')
    desk = WarningDesk(settings, "italia.example", False, tmp_path)
    with pytest.raises(BaluardoError, match=r"The feed meteo: the signer .*cannot be read"):
        desk.check()
    (tmp_path / "signers").mkdir()
    file = tmp_path / "signers" / "meteo.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(InvalidInputError, match=r"signer 'signers/meteo\.pem': This is no PEM"):
        desk.check()
    seal = make_xml_seal(Identity("meteo.example", Kind.SENDER, "public"), 1_767_225_600.0)
    pinned = PinnedCertificate(seal.certificate.der())
    file.write_text(pinned.pem())
    desk.check()
    assert settings.feeds[0].pinned(tmp_path) == (pinned,)
    with pytest.raises(InvalidInputError, match="no place for signers"):
        settings.feeds[0].pinned(None)
