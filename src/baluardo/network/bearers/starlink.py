"""A Starlink dish, read through its gRPC service by `starlink-grpc-core` (the extra `starlink`).

The package fetches the service's messages from the dish by reflection. A dish that hangs, is gone
or tells nonsense costs a thread some seconds and nothing else: what it told before stops being
news, and a sentence says what is wrong.
"""

from __future__ import annotations

import importlib
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from baluardo.errors import SourceError
from baluardo.foreign_input import quoted
from baluardo.network.bearers.telemetry import Telemetry
from baluardo.terms import Bilingual

ADDRESS: Final = "192.168.100.1:9200"
"""Where every dish answers, whatever its network."""
INTERVAL_SECONDS: Final = 1.0
"""A dish makes one sample a second."""
TIMEOUT_SECONDS: Final = 3.0
"""For one call."""
MOST_BPS: Final = 1e11
"""More passes through no dish: 100 Gbit/s is a laser between satellites (FACTS)."""
MOST_MS: Final = 60_000.0
MOST_ALERTS: Final = 64

logger = logging.getLogger("baluardo.network")

_WORD = re.compile(r"[A-Za-z0-9_]{1,64}")


class DishReader:
    """Reads a dish again and again in a thread of its own."""

    def __init__(
        self,
        address: str = ADDRESS,
        interval_s: float = INTERVAL_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet; `clock` stamps what is read, as `Telemetry.at`."""
        self._address = address
        self._interval_s = interval_s
        self._clock = clock
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._latest: Telemetry | None = None
        self._problem: Bilingual | None = Bilingual(
            "La parabola non è stata ancora letta.", "The dish was not read yet."
        )
        self._context: Any = None
        self._thread = threading.Thread(target=self._run, name="dish", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def close(self) -> None:
        """Stop; a call under way is given up."""
        self._stop.set()
        with self._lock:
            context, self._context = self._context, None
        if context is not None:
            context.close()
        if self._thread.is_alive():
            self._thread.join(3 * TIMEOUT_SECONDS)

    def latest(self, now: float) -> Telemetry | None:
        """Return what the dish told last, while that is news."""
        with self._lock:
            latest = self._latest
        return latest if latest is not None and latest.is_news(now) else None

    @property
    def problem(self) -> Bilingual | None:
        """Why there is no telemetry; None while the dish answers as it should."""
        with self._lock:
            return self._problem

    def _run(self) -> None:
        try:
            library = load_library()
        except SourceError as problem:
            self._tell(
                Bilingual(
                    "Manca il pacchetto starlink-grpc-core: la parabola non si legge. "
                    "Installate baluardo[starlink].",
                    str(problem),
                )
            )
            return
        while not self._stop.is_set():
            context = self._connected(library)
            try:
                telemetry = read_dish(library, context, self._clock)
            except SourceError as problem:
                if self._stop.is_set():
                    return
                self._disconnect(library)
                self._tell(
                    Bilingual(f"La parabola a {self._address} non dà dati utili.", str(problem))
                )
            else:
                with self._lock:
                    self._latest, self._problem = telemetry, None
            self._stop.wait(self._interval_s)

    def _connected(self, library: Any) -> Any:
        with self._lock:
            if self._context is None:
                self._context = library.ChannelContext(target=self._address)
            return self._context

    def _disconnect(self, library: Any) -> None:
        """Begin anew: a dish that has rebooted may speak another version."""
        with self._lock:
            context, self._context = self._context, None
        if context is not None:
            context.close()
        forget_messages(library)

    def _tell(self, problem: Bilingual) -> None:
        with self._lock:
            known, self._problem = self._problem, problem
        if known != problem:
            logger.warning("%s", problem.en)


def load_library() -> Any:
    """Return the module `starlink_grpc`; SourceError where it is not installed."""
    try:
        library: Any = importlib.import_module("starlink_grpc")
        reflector: Any = importlib.import_module("yagrc.reflector")
    except ImportError:
        raise SourceError(
            "The package starlink-grpc-core is missing, so no dish can be read: install "
            "baluardo[starlink]. The bearer is used all the same, judged by probes."
        ) from None
    # Ten seconds each as they come: a dish that hangs would be noticed late.
    library.REQUEST_TIMEOUT = reflector.QUERY_TIMEOUT = TIMEOUT_SECONDS
    return library


def forget_messages(library: Any) -> None:
    """Have the service's messages fetched anew by the next call: a dish may have been updated."""
    library.imports_pending = True


def read_dish(library: Any, context: Any, clock: Callable[[], float]) -> Telemetry:
    """Ask a dish once; SourceError if it does not answer, or answers what cannot be."""
    try:
        status, _, alerts = library.status_data(context)
    except Exception as problem:  # noqa: BLE001 - messages built from what a dish sent: it may be any
        raise SourceError(
            f"The dish tells nothing: {type(problem).__name__}, {quoted(str(problem))}. The bearer "
            "is used all the same, judged by probes."
        ) from None
    return telemetry_of(status, alerts, clock())


def telemetry_of(
    status: Mapping[str, object], alerts: Mapping[str, object], at: float
) -> Telemetry:
    """Return what a dish's status and alerts say, as the package gives them.

    SourceError if any of it cannot be: who tells nonsense once is believed nothing else.
    """
    if not isinstance(status.get("id"), str) or not status["id"]:
        raise SourceError("What answers is no dish: it has no identity. Nothing was taken from it.")
    state = status.get("state")
    if not isinstance(state, str) or not _WORD.fullmatch(state):
        raise _nonsense("state", state)
    raised = sorted(name.removeprefix("alert_") for name, value in alerts.items() if value is True)
    if len(raised) > MOST_ALERTS or not all(_WORD.fullmatch(name) for name in raised):
        raise _nonsense("alerts", raised)
    latency = status.get("pop_ping_latency_ms")
    latency_ms = None if latency == -1.0 else _number(status, "pop_ping_latency_ms", MOST_MS)
    obstructed = status.get("currently_obstructed")
    return Telemetry(
        at,
        _number(status, "uplink_throughput_bps", MOST_BPS),
        _number(status, "downlink_throughput_bps", MOST_BPS),
        _number(status, "pop_ping_drop_rate", 1.0),
        None if latency_ms is None else latency_ms / 1e3,
        obstructed if isinstance(obstructed, bool) else None,
        _number(status, "fraction_obstructed", 1.0),
        None if state in ("CONNECTED", "UNKNOWN") else state,
        _number(status, "uptime", 1e10),
        tuple(raised),
    )


def _number(status: Mapping[str, object], field: str, most: float) -> float | None:
    value = status.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _nonsense(field, value)
    if not (math.isfinite(value) and 0.0 <= value <= most):
        raise _nonsense(field, value)
    return float(value)


def _nonsense(field: str, value: object) -> SourceError:
    return SourceError(
        f"The dish tells of {field} {quoted(value)}, which cannot be. Nothing was taken from it."
    )
