"""The exception tree.

    BaluardoError                something was refused or failed; its text is a sentence
    ├── InvalidInputError        a value is impossible: which field, what it was, what is right
    ├── CatalogueError           a catalogue cannot be used; the one in use stays in use
    ├── SourceError              a file, an address or a service could not be read
    ├── TargetError              a file cannot be written; what stood there is untouched
    ├── ScenarioError            a scenario file describes nothing that can be run
    ├── StageError               the stage cannot start or go on (a busy port, say)
    ├── LinkError                an interface, a namespace or what carries packets cannot be had
    │   ├── LaneRemadeError      a WireGuard interface was lost; another stands, without any peer
    │   ├── HelperLostError      the root helper is gone, and with it every interface
    │   └── WireLostError        the wire's process is gone: no packet passes in the stage
    ├── StoreError               the authority's database cannot be read or written
    ├── RequestError             what was asked of the authority is not to be had
    │   ├── SignInError          nobody is signed in, or not freshly enough
    │   ├── RoleError            the person's roles do not permit it
    │   ├── UnknownError         there is no such thing
    │   └── ConflictError        it does not fit what stands now
    └── TrustError               something is not what it must be to be trusted
        ├── ProfileError         of another profile, or weaker than the community's
        ├── SignatureError       a signature that is not genuine
        ├── CertificateError     a certificate, chain or revocation list that is refused
        │   ├── ExpiredError     not valid yet, or no more and past its grace
        │   └── RevokedError     taken back by its issuer
        ├── ClockError           the time cannot be told well enough to judge by it
        ├── CustodyError         a key cannot be opened, reconstructed or kept
        ├── ChannelError         a channel cannot be made or used
        │   ├── HandshakeError   one of the two ends refused the other: which, and why
        │   └── ChannelLostError the other end, or the way to it, is gone
        ├── SealError            a sealed message is not for us, was altered or seen before
        ├── CommandError         a command lacks what its rule asks for
        └── LogError             an audit log was altered, cut, forked or cannot be written

Every error tells what happened, what was kept safe where anything was at risk, and what to do.
"""


class BaluardoError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidInputError(BaluardoError, ValueError):
    """A value is impossible; the sentence names the field and the permitted range."""


class CatalogueError(BaluardoError):
    """A satellite catalogue is empty, broken or of no known format."""


class SourceError(BaluardoError):
    """A file, an address or a service could not be read."""


class TargetError(BaluardoError):
    """A file cannot be written where a person wants it."""


class ScenarioError(BaluardoError):
    """A scenario file does not describe a nation that can be run."""


class StageError(BaluardoError):
    """The stage cannot start or go on."""


class LinkError(BaluardoError):
    """An interface, a namespace, or what carries packets through them, cannot be had or used."""


class LaneRemadeError(LinkError):
    """A WireGuard interface was lost and made anew; it knows neither its key nor any peer."""


class HelperLostError(LinkError):
    """The root helper is gone, and with it every interface of the site."""


class WireLostError(LinkError):
    """The wire's process is gone, and no packet passes between the stage's places."""


class StoreError(BaluardoError):
    """The authority's database cannot be read or written."""


class RequestError(BaluardoError):
    """What was asked of the authority is not to be had; nothing was done."""


class SignInError(RequestError):
    """Nobody is signed in, or the last use of a passkey is too long ago for this."""


class RoleError(RequestError):
    """The roles of who asks do not permit it; the sentence names those that do."""


class UnknownError(RequestError):
    """There is no such thing."""


class ConflictError(RequestError):
    """It does not fit what stands now; the sentence says what stands."""


class TrustError(BaluardoError):
    """Something is not what it must be to be trusted."""


class ProfileError(TrustError):
    """Of another profile, or weaker than the community's profile demands."""


class SignatureError(TrustError):
    """A signature is not genuine."""


class CertificateError(TrustError):
    """A certificate, a chain or a revocation list is refused; the sentence says why."""


class ExpiredError(CertificateError):
    """Not valid yet, or no more and past its grace."""


class RevokedError(CertificateError):
    """Taken back by its issuer."""


class ClockError(TrustError):
    """The time cannot be told well enough to judge by it."""


class CustodyError(TrustError):
    """A key cannot be opened, reconstructed or kept."""


class ChannelError(TrustError):
    """A channel cannot be made or used."""


class HandshakeError(ChannelError):
    """One of the two ends refused the other; the sentence says which, and why."""


class ChannelLostError(ChannelError):
    """The other end, or the way to it, is gone."""


class SealError(TrustError):
    """A sealed message is not for us, was altered, or was seen before."""


class CommandError(TrustError):
    """A signed command lacks what its rule asks for."""


class LogError(TrustError):
    """An audit log was altered, cut, forked, or cannot be written."""
