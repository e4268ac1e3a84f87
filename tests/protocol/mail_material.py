"""Strategies for requests and answers about written messages, shared by tests and fuzzing."""

from __future__ import annotations

from hypothesis import strategies as st

from baluardo.protocol.mail_answers import (
    AnyAnswer,
    Begun,
    Challenged,
    Claimed,
    ClaimedPackage,
    ConversationTold,
    DevicesTold,
    Done,
    KnownDevice,
    Published,
    Stored,
)
from baluardo.protocol.mail_items import Collected, ItemKind, MailItem
from baluardo.protocol.mail_requests import (
    AnyRequest,
    Attend,
    Begin,
    Challenge,
    Collect,
    Commit,
    Conversation,
    Devices,
    Leave,
    Packages,
    Publish,
    Send,
    Taken,
)

ANNA, BRUNO = "person/anna.rossi", "person/bruno.neri"
ORDERER = "spiffe://italia.example/authority/service"
NUMBERS = st.integers(0, 2**53 - 1)
OCTETS = st.binary(min_size=1, max_size=60)
PEOPLE = st.sampled_from([ANNA, BRUNO])
GROUPS = st.binary(min_size=32, max_size=32).map(bytes.hex)
IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
DEVICES = st.builds("{}/{}".format, PEOPLE, st.sampled_from(["phone", "laptop", "x-1.y_2"]))


def lists_of(what: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """Return some, each once."""
    return st.lists(what, min_size=least, max_size=6, unique=True).map(tuple)


COMMITS = st.builds(
    lambda group, epoch, octets, to, welcomed: Commit(group, epoch, octets, to, *welcomed),
    GROUPS,
    NUMBERS,
    OCTETS,
    lists_of(DEVICES),
    st.just((b"", ())) | st.tuples(OCTETS, lists_of(DEVICES, 1)),
)
OF_DEVICES: dict[type[AnyRequest], st.SearchStrategy[AnyRequest]] = {
    Publish: st.builds(Publish, st.lists(OCTETS, max_size=3).map(tuple), st.just(b"") | OCTETS),
    Devices: st.builds(Devices, st.lists(PEOPLE, min_size=1, unique=True).map(tuple)),
    Packages: st.builds(Packages, lists_of(DEVICES, 1)),
    Conversation: st.builds(Conversation, PEOPLE),
    Begin: st.tuples(PEOPLE, GROUPS, st.just("") | GROUPS)
    .filter(lambda each: each[1] != each[2])
    .map(lambda each: Begin(*each)),
    Commit: COMMITS,
    Send: st.builds(Send, IDS, GROUPS, lists_of(DEVICES, 1), OCTETS),
    Taken: st.builds(Taken, NUMBERS, GROUPS),
    Challenge: st.just(Challenge()),
}
OF_EDGES: dict[type[AnyRequest], st.SearchStrategy[AnyRequest]] = {
    each: st.just(each()) for each in (Collect, Attend, Leave)
}
REQUESTS = st.one_of(*OF_DEVICES.values(), *OF_EDGES.values())
ITEMS = st.builds(
    lambda numbers, sender, group, octets, more: Collected(
        tuple(
            MailItem(n, sender, ItemKind.MESSAGE, group, 7, octets, None) for n in sorted(numbers)
        ),
        more,
    ),
    st.sets(NUMBERS, max_size=3),
    DEVICES,
    GROUPS,
    OCTETS,
    st.booleans(),
)
ANSWERS: dict[type[AnyRequest], st.SearchStrategy[AnyAnswer]] = {
    Publish: st.builds(Published, st.integers(0, 32)),
    Devices: st.builds(
        DevicesTold, st.lists(st.builds(KnownDevice, DEVICES, NUMBERS), max_size=3).map(tuple)
    ),
    Packages: st.builds(
        Claimed,
        st.lists(st.builds(ClaimedPackage, DEVICES, OCTETS, st.booleans()), max_size=3).map(tuple),
    ),
    Conversation: st.builds(ConversationTold, st.just("") | GROUPS, NUMBERS, st.just(ORDERER)),
    Begin: st.builds(Begun, GROUPS, st.just(ORDERER)),
    Send: st.builds(Stored, NUMBERS),
    Taken: st.just(Done()),
    Challenge: st.builds(Challenged, GROUPS),
    Collect: ITEMS,
    Attend: st.just(Done()),
    Leave: st.just(Done()),
}
