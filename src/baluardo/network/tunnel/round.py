"""Key rounds with one peer, as a pure core: octets, facts and a time in, octets and events out.

A round runs over one channel. The responder installs first and then answers, the initiator installs
and then says so: whichever message is lost, the session in use goes on, and the initiator begins
anew with a larger epoch. The whole machine is a table, `steps.STEPS`.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from baluardo.errors import ChannelError, InvalidInputError
from baluardo.network.tunnel.derivation import Agreed, Derivation, Role
from baluardo.network.tunnel.events import (
    Accepted,
    Confirmed,
    Event,
    Failed,
    InnerKeys,
    Install,
    ProbeKeys,
)
from baluardo.network.tunnel.messages import (
    LONGEST_MESSAGE,
    MOST_EPOCH,
    Answer,
    Done,
    Message,
    Offer,
    Old,
    Reason,
    Refuse,
    encode,
    take,
)
from baluardo.network.tunnel.steps import RESTING, STEPS, Action, Input, State
from baluardo.trust.secret import Secret

ROUND_SECONDS: Final = 10.0
"""How long a round may take, installing included. Our choice: six round trips of the worst way."""
MOST_UNREAD: Final = 4 * LONGEST_MESSAGE


_SENTENCES: Final = {
    Reason.KEYS_DIFFER: "the two ends do not compute the same keys; one has an old card of the "
    "other. The keys in use stay in use; it is tried again, and heals when the cards have arrived",
    Reason.NOT_INSTALLED: "WireGuard did not take the new key. The session in use goes on; it is "
    "tried again",
    Reason.UNEXPECTED: "something was said that has no place there. The keys in use stay in use; "
    "it is tried again",
}


class PeerRounds:
    """The key rounds with one peer. It never blocks, reads no clock and owns no socket."""

    def __init__(self, role: Role, tag: int) -> None:
        """Begin without a key; `tag` marks the probes that the peer sends to us."""
        self.role = role
        self.state = State.ABSENT
        self.epoch = 0
        """The newest epoch that both ends agreed on; 0 if there was none."""
        self.tag = tag
        self._before = State.ABSENT
        self._derivation: Derivation | None = None
        self._is_live = False
        self._resumed = False
        self._offer: Offer | None = None
        """The newest of this channel, made by us or taken from the peer."""
        self._agreed: Agreed | None = None
        self._their_tag = 0
        self._said_old = False
        self._waits_for_done = False
        self._problem = ""
        self._received = b""
        self._unsent = bytearray()
        self._deadline: float | None = None
        self._events: deque[Event] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether a round is under way that another channel must not disturb."""
        return self.state in {State.OFFERED, State.AGREED}

    @property
    def is_over(self) -> bool:
        """Whether the channel is of no more use: what is outgoing leaves, then it is closed."""
        return not self._is_live

    # What comes in

    def open(self, derivation: Derivation, resumed: bool, now: float, floor: int) -> None:
        """Begin a round on a channel; the initiator offers an epoch of at least `floor`.

        `floor` is milliseconds of trusted time, so epochs grow across restarts too.
        InvalidInputError while another round is under way, ChannelError if the channel has ended.
        """
        if self.is_busy:
            raise InvalidInputError("A key round with this peer is under way already.")
        offer = None
        if self.role is Role.INITIATOR:
            offer = self._new_offer(derivation, max(self.epoch + 1, floor))
        self.receive_end()
        self._derivation, self._resumed, self._is_live = derivation, resumed, True
        self._received, self._unsent = b"", bytearray()
        self._offer, self._agreed, self._said_old = offer, None, False
        self._deadline = now + ROUND_SECONDS
        if offer is not None:
            self._step(Input.BEGIN)

    def receive(self, octets: bytes) -> None:
        """Take octets of the channel; they may end the round, and never raise."""
        self._received += octets
        while self._is_live and self._received:
            if len(self._received) > MOST_UNREAD:
                self._step(Input.FAULT)
                return
            try:
                taken = take(self._received)
            except InvalidInputError as problem:
                self._problem = str(problem)
                self._step(Input.FAULT)
                return
            if taken is None:
                return
            message, length = taken
            self._received = self._received[length:]
            try:
                what = self._judge(message)
            except ChannelError as problem:
                self.receive_end(str(problem).rstrip("."))
                return
            self._step(what)

    def receive_end(self, problem: str = "") -> None:
        """Take note that the channel is gone."""
        if self._is_live:
            self._problem = problem
            self._step(Input.END)

    def installed(self, epoch: int) -> None:
        """Take note that WireGuard has the keys of an epoch, on every lane."""
        if epoch == self.epoch:
            self._step(Input.TAKEN)

    def not_installed(self, epoch: int, problem: str) -> None:
        """Take note that WireGuard did not take the keys of an epoch, or not on every lane."""
        if epoch == self.epoch:
            self._problem = problem
            self._step(Input.NOT_TAKEN)

    def handshake(self) -> None:
        """Take note of a handshake that WireGuard made after the newest key was installed."""
        self._step(Input.HANDSHAKE)

    def handle_timer(self, now: float) -> None:
        """Act on `next_timer` having come."""
        if self._deadline is not None and now >= self._deadline:
            self.receive_end(f"the other end did not finish within {ROUND_SECONDS:g} s")

    # What goes out

    def outgoing(self) -> bytes:
        """Return what is to be written to the channel now; empty if nothing."""
        unsent, self._unsent = bytes(self._unsent), bytearray()
        return unsent

    def next_event(self) -> Event | None:
        """Return the next event, or None."""
        return self._events.popleft() if self._events else None

    def next_timer(self) -> float | None:
        """Return when `handle_timer` is to be called, or None."""
        return self._deadline

    # The steps between

    def _judge(self, message: Message) -> Input:
        """Return which input a message is, given what we compute ourselves."""
        if isinstance(message, Refuse):
            self._problem = f"the other end refused: {_SENTENCES[message.reason]}"
            return Input.REFUSE if self.is_busy or self._waits_for_done else Input.END
        derivation, offer, agreed = self._derivation, self._offer, self._agreed
        if derivation is None:
            return Input.FAULT
        if self.role is Role.RESPONDER:
            if isinstance(message, Offer) and not self._waits_for_done:
                return self._judge_offer(message, derivation)
            if isinstance(message, Done) and self._waits_for_done and agreed is not None:
                is_right = agreed.last_check == Secret(message.check)
                return Input.DONE if is_right else Input.FAULT
        elif offer is not None:
            if isinstance(message, Answer):
                return self._judge_answer(message, derivation, offer)
            if isinstance(message, Old):
                return self._judge_old(message, derivation, offer)
        return Input.FAULT

    def _judge_offer(self, offer: Offer, derivation: Derivation) -> Input:
        if derivation.offer_check(offer.epoch, offer.tag) != Secret(offer.check):
            return Input.OFFER_FALSE
        if offer.epoch == MOST_EPOCH:  # none could follow it
            return Input.FAULT
        if offer.epoch <= self.epoch:
            return Input.OFFER_OLD
        if not self.is_busy:
            self._agreed = derivation.agreed(offer.epoch, (offer.tag, self.tag))
            self._their_tag = offer.tag
        return Input.OFFER

    def _judge_answer(self, answer: Answer, derivation: Derivation, offer: Offer) -> Input:
        agreed = derivation.agreed(offer.epoch, (offer.tag, answer.tag))
        if agreed.answer_check != Secret(answer.check):
            return Input.ANSWER_FALSE
        if self.state is State.OFFERED:
            self._agreed, self._their_tag = agreed, answer.tag
        return Input.ANSWER

    def _judge_old(self, old: Old, derivation: Derivation, offer: Offer) -> Input:
        if self._said_old or not offer.epoch <= old.epoch < MOST_EPOCH - 1:
            return Input.FAULT
        self._said_old = True
        self._offer = self._new_offer(derivation, old.epoch + 1)
        return Input.OLD

    def _new_offer(self, derivation: Derivation, epoch: int) -> Offer:
        check = derivation.offer_check(epoch, self.tag)
        return Offer(epoch, self.tag, check.reveal())

    def _step(self, what: Input) -> None:
        action, after = STEPS[self.state, what]
        if self.state in RESTING:
            self._before = self.state
        self.state = self._before if after is None else after
        self._act(action)

    def _act(self, action: Action) -> None:
        if action is Action.OFFER:
            self._send(self._offer)
        elif action is Action.INSTALL:
            self._install()
        elif action is Action.SAY_OLD:
            self._send(Old(self.epoch))
        elif action is Action.REPORT:
            self._report()
        elif action is Action.ACCEPT:
            self._accept()
        elif action is Action.CONFIRM:
            self._events.append(Confirmed(self.epoch))
        elif action is Action.CONFIRM_FORMER:
            if self._before is State.INSTALLED:
                self._before = State.CONFIRMED
                self._events.append(Confirmed(self.epoch))
        elif action is Action.REFUSE_KEYS:
            self._refuse(Reason.KEYS_DIFFER)
        elif action is Action.REFUSE_INSTALL:
            self._refuse(Reason.NOT_INSTALLED)
        elif action is Action.REFUSE:
            self._refuse(Reason.UNEXPECTED)
        elif action is Action.REFUSE_AND_LEAVE:
            self._send(Refuse(Reason.UNEXPECTED))
            self._leave()
        elif action is Action.FAIL:
            self._fail(self._problem or "the channel ended before it was over")
        elif action is Action.LEAVE:
            self._leave()

    def _install(self) -> None:
        if self._agreed is not None:
            self.epoch = self._agreed.epoch
            if self.role is Role.RESPONDER:
                self._tell_inner_keys(self._agreed)
            self._events.append(Install(self.epoch, self._agreed.preshared_keys))

    def _report(self) -> None:
        """Say that the key is installed here; without a channel the other end cannot hear it."""
        agreed = self._agreed
        if self.role is Role.INITIATOR and agreed is not None:
            self._send(Done(agreed.last_check.reveal()))
            self._tell_inner_keys(agreed)
            self._accept()
        elif self._is_live and agreed is not None:
            self._send(Answer(self.tag, agreed.answer_check.reveal()))
            self._waits_for_done = True
        else:
            self._fail("the channel was lost while the new key was installed here")

    def _accept(self) -> None:
        self._tell_probe_keys()
        self._events.append(Accepted(self.epoch, self._resumed))
        self._close()

    def _refuse(self, reason: Reason) -> None:
        self._send(Refuse(reason))
        self._fail(self._problem or _SENTENCES[reason])

    def _fail(self, problem: str) -> None:
        self._events.append(Failed(f"A key round failed: {problem}."))
        self._close()

    def _leave(self) -> None:
        """Let go of a channel that has ended, or was told to."""
        if self.state is State.AGREED:  # WireGuard's word is still to come, and decides
            self._is_live = False
            self._deadline = None
        elif self._waits_for_done and self.state is State.CONFIRMED:
            self._accept()
        elif self._waits_for_done:
            # Whether the other end has installed its key, nobody can know. It has most likely.
            self._tell_probe_keys()
            self._fail("the channel was lost before the other end said that it has the new key")
        else:
            self._fail(self._problem or "the channel ended before it was over")

    def _tell_probe_keys(self) -> None:
        if self._agreed is None:
            return
        ours, theirs = self._agreed.probe_keys
        if self.role is Role.RESPONDER:
            ours, theirs = theirs, ours
        self._events.append(ProbeKeys(ours, theirs, self._their_tag, self.tag))

    def _tell_inner_keys(self, agreed: Agreed) -> None:
        self._events.append(InnerKeys(agreed.epoch, self._resumed, *agreed.inner_keys))

    def _send(self, message: Message | None) -> None:
        if self._is_live and message is not None:
            self._unsent += encode(message)

    def _close(self) -> None:
        self._is_live = self._waits_for_done = False
        self._derivation = self._agreed = None
        self._deadline = None
        self._received = b""
        self._problem = ""
