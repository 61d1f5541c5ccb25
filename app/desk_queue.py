"""The one RQ queue, which carries hints to workers. Imported only where hints are sent or taken."""

from functools import cache
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from app.jobs import registry

NAME = "desk"
# A job is one short transaction; a worker that hangs in one is stopped and the work is offered again.
TIMEOUT_SECONDS = 60
FORGET_FAILED_SECONDS = 86_400


class RegisteredJob(Job):
    """An RQ job that runs registered functions only, whatever somebody wrote into Redis."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        # RQ's own choice, pickle, runs code while it reads.
        self.serializer = JSONSerializer

    @property
    def func(self) -> Any:
        """The function behind the job's name.

        Raises:
            LookupError: the name is not registered.
        """
        try:
            return registry[self.func_name or ""]
        except KeyError:
            raise LookupError(f"{self.func_name!r} is not a job of this desk") from None

    @property
    def success_callback(self) -> None:
        """Nothing follows a job: RQ would import whatever is named."""

    @property
    def failure_callback(self) -> None:
        """Nothing follows a job that failed."""

    @property
    def stopped_callback(self) -> None:
        """Nothing follows a job that was stopped."""


class DeskQueue(Queue):
    """The queue; its jobs are `RegisteredJob`s."""

    job_class = RegisteredJob

    def offer(self, name: str, args: tuple[Any, ...]) -> str:
        """Put one hint on the queue; what went wrong, or an empty text."""
        try:
            self.enqueue(name, *args, job_timeout=TIMEOUT_SECONDS, result_ttl=0, failure_ttl=FORGET_FAILED_SECONDS)
        except (RedisError, OSError) as error:
            return str(error) or type(error).__name__
        return ""

    def publish(self, channel: str, text: str) -> str:
        """Tell whoever listens on a channel now; what went wrong, or an empty text."""
        try:
            self.connection.publish(channel, text)
        except (RedisError, OSError) as error:
            return str(error) or type(error).__name__
        return ""

    def waiting(self) -> int | None:
        """How many hints wait; None when Redis does not answer."""
        try:
            return int(self.count)
        except (RedisError, OSError):
            return None

    def answers(self) -> bool:
        """Whether Redis answers within its short time-out."""
        try:
            return bool(self.connection.ping())
        except (RedisError, OSError):
            return False


@cache
def connection_to(redis_url: str) -> Redis:
    """A process's connection to a Redis, opened when first used; time-outs are short, hints are not worth a wait."""
    return Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=5)


def open_queue(redis_url: str) -> DeskQueue:
    """The queue on a Redis."""
    return DeskQueue(NAME, connection=connection_to(redis_url))
