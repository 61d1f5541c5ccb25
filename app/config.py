"""Every setting of the desk, read once from the environment. `docs/settings.md` is checked against this file."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from tempfile import mkstemp

from environs import Env

ROOT = Path(__file__).resolve().parent.parent


def _stored_secret(data: Path) -> str:
    """The secret kept beside the data, made on first use, so that a trial needs no setting and sessions survive."""
    path = data / "secret-key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=data)
        with os.fdopen(descriptor, "w") as file:
            file.write(token_urlsafe(48))
        try:
            # Whole or not there: nobody may read an empty key, and of two processes the first one's holds.
            os.link(name, path)
        except FileExistsError:
            pass
        except OSError:
            # A file system without links.
            os.replace(name, path)
        finally:
            Path(name).unlink(missing_ok=True)
    return path.read_text().strip()


@dataclass(frozen=True)
class Settings:
    """The desk's settings. Units stand in the names; `from_env` names the variables."""

    data: Path = ROOT / "var"
    # Both may hold a password.
    database_url: str = field(default="", repr=False)
    redis_url: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    demo: bool = False
    development: bool = False
    desk_name: str = "Suport"
    desk_email: str = "suport@desk.example"
    language: str = "en"
    zone: str = "Europe/Bucharest"
    number_prefix: str = "S-"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_security: str = "starttls"
    smtp_timeout_seconds: float = 15.0
    receiver_host: str = "127.0.0.1"
    receiver_port: int = 2525
    mail_max_bytes: int = 26_214_400
    mail_window_minutes: int = 60
    mail_window_count: int = 10
    document_max_bytes: int = 26_214_400
    documents_per_message: int = 20
    backdating_days: int = 30
    reopen_working_days: int = 5
    rating_days: int = 14
    kept_goal_percent: int = 95
    web_threads: int = 240
    web_workers: int = 1
    workers: int = 2
    worker_jobs: int = 1000
    secure_cookies: bool = False
    trusted_proxies: int = 0
    argon2_time_cost: int = 3
    argon2_memory_kib: int = 65_536

    def __post_init__(self) -> None:
        # Derived defaults: a trial on one machine needs no setting at all.
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data / 'suport.db'}")
        elif self.database_url.startswith(("postgresql://", "postgres://")):
            driver = "postgresql+psycopg://" + self.database_url.split("://", 1)[1]
            object.__setattr__(self, "database_url", driver)
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://{self.host}:{self.port}")
        if not self.secret_key:
            object.__setattr__(self, "secret_key", _stored_secret(self.data))

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.database_url.startswith("sqlite")

    @classmethod
    def from_env(cls) -> "Settings":
        """Read the environment.

        Raises:
            environs.EnvError: a variable has the wrong form; the message names it.
        """
        env = Env()
        return cls(
            data=env.path("SUPORT_DATA", cls.data).resolve(),
            database_url=env.str("DATABASE_URL", cls.database_url),
            redis_url=env.str("REDIS_URL", cls.redis_url),
            secret_key=env.str("SUPORT_SECRET_KEY", ""),
            host=env.str("SUPORT_HOST", cls.host),
            port=env.int("SUPORT_PORT", cls.port),
            base_url=env.str("SUPORT_BASE_URL", cls.base_url),
            demo=env.bool("SUPORT_DEMO", cls.demo),
            development=env.bool("SUPORT_DEVELOPMENT", cls.development),
            desk_name=env.str("SUPORT_DESK_NAME", cls.desk_name),
            desk_email=env.str("SUPORT_DESK_EMAIL", cls.desk_email),
            language=env.str("SUPORT_LANGUAGE", cls.language),
            zone=env.str("SUPORT_ZONE", cls.zone),
            number_prefix=env.str("SUPORT_NUMBER_PREFIX", cls.number_prefix),
            smtp_host=env.str("SUPORT_SMTP_HOST", cls.smtp_host),
            smtp_port=env.int("SUPORT_SMTP_PORT", cls.smtp_port),
            smtp_user=env.str("SUPORT_SMTP_USER", cls.smtp_user),
            smtp_password=env.str("SUPORT_SMTP_PASSWORD", ""),
            smtp_security=env.str("SUPORT_SMTP_SECURITY", cls.smtp_security),
            smtp_timeout_seconds=env.float("SUPORT_SMTP_TIMEOUT_SECONDS", cls.smtp_timeout_seconds),
            receiver_host=env.str("SUPORT_RECEIVER_HOST", cls.receiver_host),
            receiver_port=env.int("SUPORT_RECEIVER_PORT", cls.receiver_port),
            mail_max_bytes=env.int("SUPORT_MAIL_MAX_BYTES", cls.mail_max_bytes),
            mail_window_minutes=env.int("SUPORT_MAIL_WINDOW_MINUTES", cls.mail_window_minutes),
            mail_window_count=env.int("SUPORT_MAIL_WINDOW_COUNT", cls.mail_window_count),
            document_max_bytes=env.int("SUPORT_DOCUMENT_MAX_BYTES", cls.document_max_bytes),
            documents_per_message=env.int("SUPORT_DOCUMENTS_PER_MESSAGE", cls.documents_per_message),
            backdating_days=env.int("SUPORT_BACKDATING_DAYS", cls.backdating_days),
            reopen_working_days=env.int("SUPORT_REOPEN_WORKING_DAYS", cls.reopen_working_days),
            rating_days=env.int("SUPORT_RATING_DAYS", cls.rating_days),
            kept_goal_percent=env.int("SUPORT_KEPT_GOAL_PERCENT", cls.kept_goal_percent),
            web_threads=env.int("SUPORT_WEB_THREADS", cls.web_threads),
            web_workers=env.int("SUPORT_WEB_WORKERS", cls.web_workers),
            workers=env.int("SUPORT_WORKERS", cls.workers),
            worker_jobs=env.int("SUPORT_WORKER_JOBS", cls.worker_jobs),
            secure_cookies=env.bool("SUPORT_SECURE_COOKIES", cls.secure_cookies),
            trusted_proxies=env.int("SUPORT_TRUSTED_PROXIES", cls.trusted_proxies),
            argon2_time_cost=env.int("SUPORT_ARGON2_TIME_COST", cls.argon2_time_cost),
            argon2_memory_kib=env.int("SUPORT_ARGON2_MEMORY_KIB", cls.argon2_memory_kib),
        )
