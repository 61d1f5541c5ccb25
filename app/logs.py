"""How the desk's processes log: one line an event, names and values, to stdout."""

import logging
import sys

import structlog


def configure(level: int = logging.INFO) -> None:
    """Set up structlog and the standard library's logging for a process that runs on its own."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stdout),
        cache_logger_on_first_use=False,
    )


def configure_for_commands() -> None:
    """A command's stdout is its answer: only warnings are logged, to stderr."""
    configure(logging.WARNING)
    # Looked up when a line is written: whoever runs a command inside another program may close what it wrote to.
    structlog.configure(logger_factory=lambda *_: structlog.WriteLogger(sys.stderr))
