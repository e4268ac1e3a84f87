"""The exception tree.

    BaluardoError                something was refused or failed; its text is a sentence
    ├── InvalidInputError        a value is impossible: which field, what it was, what is right
    ├── CatalogueError           a catalogue cannot be used; the one in use stays in use
    ├── SourceError              a file, an address or a service could not be read
    ├── TargetError              a file cannot be written; what stood there is untouched
    ├── ScenarioError            a scenario file describes nothing that can be run
    └── StageError               the stage cannot start or go on (a busy port, say)

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
