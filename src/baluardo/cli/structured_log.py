"""The program's log as JSON, one text a line, for machines that collect it.

Messages are sentences of the house, which name no secret; values of exceptions are left out.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """One record as one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time (UTC, ISO 8601), level, logger and message; the kind of an exception."""
        moment = datetime.fromtimestamp(record.created, UTC)
        fields = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info is not None and record.exc_info[0] is not None:
            fields["exception"] = record.exc_info[0].__name__
            fields["where"] = _where(record)
        return json.dumps(fields, ensure_ascii=False)


def log_as_json(level: int = logging.INFO) -> None:
    """Write every record of this process to stderr so."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _where(record: logging.LogRecord) -> str:
    """Return the line at which an exception was raised."""
    trace = None if record.exc_info is None else record.exc_info[2]
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
