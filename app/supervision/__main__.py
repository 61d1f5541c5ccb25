"""`./run` without a word: start the whole desk on this machine."""

import argparse
import ipaddress
import os
import signal
import socket
import sys
import time
from dataclasses import replace
from importlib import import_module

from environs import EnvError

from app.config import Settings
from app.supervision.supervisor import CannotStart, Supervisor, lock_data, say


def main(words: list[str]) -> int:
    """Start the desk and keep it running until it is told to stop; the exit status."""
    # From `run`, whose clock is the same: the imports before this line are part of the wait.
    started = float(os.environ.pop("SUPORT_STARTED_AT", time.monotonic()))
    # Other users of the machine must not read the database, the documents and the logs.
    os.umask(0o077)
    options = _options(words)
    _to_environment(options)
    try:
        settings = Settings.from_env()
        _run(settings, wants_demo=not options.no_demo, started=started)
    except CannotStart as reason:
        print(f"The desk did not start. {reason}", file=sys.stderr)
        return 1
    except EnvError as error:
        print(f"The desk did not start. A setting is wrong: {error}", file=sys.stderr)
        return 1
    return 0


def _run(settings: Settings, *, wants_demo: bool, started: float) -> None:
    held = lock_data(settings.data)
    marked = settings.demo or (settings.data / "demo").exists()
    if marked:
        _refuse_demo_in_public(settings)
    listener = _bind(settings)
    _check_receiver(settings)
    desk = Supervisor(settings, held, listener)
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, desk.ask_to_stop)
    try:
        desk.start_queue()
        # Imported only now: the queue starts while Python reads the rest.
        logs, build = import_module("app.logs"), import_module("app").create_app
        logs.configure()
        app = build(desk.settings)
        import_module("app.garbage").keep_what_is_loaded()
        is_new = settings.on_sqlite and not (settings.data / "suport.db").exists()
        if is_new:
            say("Preparing the database" + (" and the demo data …" if wants_demo else " …"))
            if wants_demo:
                _refuse_demo_in_public(settings)
        prepared = desk.prepare(app, wants_demo=wants_demo and _is_loopback(settings.host))
        if prepared.demo:
            _refuse_demo_in_public(settings)
        desk.settings = replace(desk.settings, demo=prepared.demo)
        app.config["SETTINGS"] = desk.settings
        os.environ["SUPORT_DEMO"] = "1" if prepared.demo else "0"
        desk.start_web(app)
        if desk.wait_for_page():
            desk.start_others(app)
            desk.write_running()
            _tell_ready(desk.settings, prepared.accounts, time.monotonic() - started)
        elif not desk.stop_asked:
            raise CannotStart(f"The web process does not answer; see {desk.logs / 'web.log'}.")
        desk.watch()
        say("Stopping …")
    finally:
        desk.stop()


def _tell_ready(settings: Settings, accounts: list[str], seconds: float) -> None:
    say(f"\nSuport is ready after {seconds:.1f} s:  {settings.base_url}\n")
    if accounts:
        say("  Demo accounts:" if settings.demo else "  First account:")
        for line in accounts:
            say(f"    {line}")
        say("")
    say(f"  Mail to the desk: SMTP on {settings.receiver_host}:{settings.receiver_port}")
    if settings.demo:
        say("  Move the desk's time and watch deadlines fire: ./run clock +4h")
    say(f"  Data and logs: {settings.data}      Stop with Ctrl-C.\n")


def _options(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run",
        description="Start the desk: web, workers, clock, mail receiver and queue, watched by one supervisor.",
        epilog="Every setting is an environment variable as well; docs/settings.md lists them.",
    )
    parser.add_argument("--host", help="address of the pages (SUPORT_HOST, 127.0.0.1)")
    parser.add_argument("--port", help="port of the pages (SUPORT_PORT, 8000)")
    parser.add_argument("--receiver-host", help="address that takes mail (SUPORT_RECEIVER_HOST, 127.0.0.1)")
    parser.add_argument("--receiver-port", help="port that takes mail (SUPORT_RECEIVER_PORT, 2525)")
    parser.add_argument("--data", help="data folder (SUPORT_DATA, var)")
    parser.add_argument("--workers", help="number of workers (SUPORT_WORKERS, 2)")
    parser.add_argument("--no-demo", action="store_true", help="an empty database gets one administrator, no demo data")
    return parser.parse_args(words)


def _to_environment(options: argparse.Namespace) -> None:
    """Options are settings: whatever a role starts reads the same ones."""
    for option in ("host", "port", "receiver_host", "receiver_port", "data", "workers"):
        value = getattr(options, option)
        if value is not None:
            os.environ[f"SUPORT_{option.upper()}"] = value


def _bind(settings: Settings) -> socket.socket:
    from app.supervision.web_server import bind

    try:
        return bind(settings.host, settings.port)
    except OSError as error:
        raise CannotStart(
            f"{settings.host}:{settings.port} cannot be used for the pages ({error.strerror}). "
            "Another program may be using the port: stop it, or choose another one with --port."
        ) from None


def _check_receiver(settings: Settings) -> None:
    from app.supervision.web_server import bind

    try:
        bind(settings.receiver_host, settings.receiver_port).close()
    except OSError as error:
        raise CannotStart(
            f"{settings.receiver_host}:{settings.receiver_port} cannot be used to take mail ({error.strerror}). "
            "Another program may be using the port: stop it, or choose another one with --receiver-port."
        ) from None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_demo_in_public(settings: Settings) -> None:
    if not _is_loopback(settings.host):
        raise CannotStart(
            f"Everybody knows the passwords of the demo accounts, and {settings.host} is not this machine's own "
            "address. Use --no-demo with another data folder (--data), or keep the pages on 127.0.0.1."
        )


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # Everything is stopped and written; taking a large interpreter apart would only make somebody wait.
    os._exit(status)
