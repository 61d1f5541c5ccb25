"""What somebody who can write into Redis may make of a job: nothing."""

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from rq.exceptions import DeserializationError

from app.desk_queue import RegisteredJob, open_queue

_ran: list[str] = []


class _Trap:
    """Runs code while it is read by pickle."""

    def __reduce__(self) -> tuple[object, ...]:
        return _ran.append, ("read",)


def _restored(**written: object) -> RegisteredJob:
    job = RegisteredJob("job", connection=Redis())
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
    job.restore({b"created_at": created, **{name.encode(): value for name, value in written.items()}})
    return job


def test_a_job_is_never_unpickled() -> None:
    job = _restored(data=pickle.dumps(("engine.wake", None, (_Trap(),), {})))

    with pytest.raises(DeserializationError):
        _ = job.args

    assert _ran == []


def test_what_follows_a_job_is_not_chosen_in_redis() -> None:
    job = _restored(data=b"", success_callback_name=b"os.getpid", failure_callback_name=b"os.abort")

    assert job.success_callback is None
    assert job.failure_callback is None
    assert job.stopped_callback is None


def test_hints_are_written_as_json(tmp_path: Path) -> None:
    queue = open_queue(f"unix://{tmp_path}/nobody.sock")

    assert queue.create_job("engine.wake", args=(7,)).data == b'["engine.wake", null, [7], {}]'
