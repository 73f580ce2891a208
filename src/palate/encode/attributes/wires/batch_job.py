"""Files of requests that a service answers within a day, at a lower price: handed in once, looked
at until they are done, and collected as often as needed.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from palate.encode.attributes.wires.decoding import decoded
from palate.encode.endpoint import Call, Endpoint, Read, T
from palate.errors import DamagedArtefact, DataUnavailable
from palate.store import digest, write_text

_FILE: Final = "job.json"
_REQUESTS: Final = "requests.jsonl"
_OURS: Final = "palate"
_OVER: Final = ("completed", "failed", "expired", "cancelled")
_LISTED: Final = 100


@dataclass(frozen=True)
class Job:
    """What is kept of one file of requests.

    Attributes:
        name: Of its folder, and of the batch among those of the service.
        key: Of the model and the prompt: jobs of one key answer each other's texts.
        ids: Of the requests, made of their content; once it is over, of those that were answered.
        file: Id of the uploaded file; empty before.
        batch: Id of the batch; empty before it is known.
        outputs: Ids of the files of replies and of errors; empty before there are some.
        over: Whether nothing more will come of it.
        trouble: What the service said where it failed.
    """

    name: str
    key: str
    ids: tuple[str, ...]
    file: str = ""
    batch: str = ""
    outputs: tuple[str, ...] = ()
    over: bool = False
    trouble: str = ""


@dataclass(frozen=True)
class Replied:
    """One line of a file of replies.

    Attributes:
        id: Of the request.
        status: Of HTTP; 0 where the request was not answered at all.
        body: The reply, as JSON.
    """

    id: str
    status: int
    body: bytes


class BatchDesk:
    """Jobs of one service, kept in a folder so that another process can go on with them.

    Whatever the service says is written down before the next step; a job that was made but not
    written down is found again by its name among those of the service.

    Args:
        endpoint: The service.
        folder: Where jobs are kept.
        path: What the requests of a file are sent to, such as `/v1/chat/completions`.
        window: Within which time the service has to answer.
    """

    def __init__(self, endpoint: Endpoint, folder: Path, path: str, window: str) -> None:
        self.endpoint = endpoint
        self.folder = folder
        self.path = path
        self.window = window

    def jobs(self, key: str) -> list[Job]:
        """All that were ever handed in under a key, and not dropped.

        Raises:
            DamagedArtefact: What was kept of one cannot be read.
        """
        found = [self._kept(file) for file in sorted(self.folder.glob(f"*/{_FILE}"))]
        return [job for job in found if job.key == key]

    def hand_in(self, key: str, requests: Mapping[str, Mapping[str, Any]]) -> Job:
        """Write requests down as a new job; `advance` sends them.

        Args:
            key: See `Job`.
            requests: Id -> body.
        """
        job = Job(digest([key, *requests])[:40], key, tuple(requests))
        lines = [
            json.dumps(
                {"custom_id": name, "method": "POST", "url": self.path, "body": body},
                ensure_ascii=False,
            )
            for name, body in requests.items()
        ]
        place = self.folder / job.name
        place.mkdir(parents=True, exist_ok=True)
        write_text(place / _REQUESTS, "".join(f"{line}\n" for line in lines))
        return self._keep(job)

    def advance(self, job: Job) -> Job:
        """The job one look later: uploaded and made where it is not yet, else as the service says.

        Raises:
            DataUnavailable: The service does not answer.
        """
        if not job.file:
            job = self._keep(replace(job, file=self._uploaded(job)))
        if not job.batch:
            job = self._keep(replace(job, batch=self._found(job) or self._made(job)))
        if not job.over:
            said = self.endpoint.send(_get(f"/batches/{job.batch}"), _reader(BatchState))
            if said.status in _OVER:
                outputs = tuple(filter(None, (said.output_file_id, said.error_file_id)))
                trouble = "" if said.status == "completed" else f"{said.status} {said.words()}"
                job = self._keep(replace(job, outputs=outputs, over=True, trouble=trouble))
                # The texts are needed no more.
                (self.folder / job.name / _REQUESTS).unlink(missing_ok=True)
        return job

    def collect(self, job: Job) -> Iterator[Replied]:
        """The replies that there are, in any order.

        Raises:
            DataUnavailable: The service does not have them any more, or a line is none.
        """
        for output in job.outputs:
            content = self.endpoint.send(_get(f"/files/{output}/content"), _as_it_is)
            for line in content.splitlines():
                if line.strip():
                    yield self._reply(line)

    def keep_only(self, job: Job, answered: Container[str]) -> Job:
        """Write down which requests of a job were answered: the others may be handed in again."""
        ids = tuple(name for name in job.ids if name in answered)
        if not ids:
            (self.folder / job.name / _REQUESTS).unlink(missing_ok=True)
            (self.folder / job.name / _FILE).unlink(missing_ok=True)
            return replace(job, ids=())
        return self._keep(replace(job, ids=ids))

    def _reply(self, line: bytes) -> Replied:
        try:
            found = decoded(line, BatchLine)
        except ValueError as cause:
            raise DataUnavailable(
                f"a line of the file of replies is none: {cause}", where=self.endpoint.url
            ) from cause
        response = found.response
        body = json.dumps(response.body).encode() if response else b""
        return Replied(found.custom_id, response.status_code if response else 0, body)

    def _uploaded(self, job: Job) -> str:
        content = (self.folder / job.name / _REQUESTS).read_bytes()
        edge = f"palate-{job.name}"
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{job.name}.jsonl"'
            "\r\nContent-Type: application/jsonl\r\n\r\n"
        )
        form = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
        call = Call(form, path="/files", media=f"multipart/form-data; boundary={edge}")
        return self.endpoint.send(call, _reader(Named)).id

    def _found(self, job: Job) -> str:
        """A batch of this name that was made and not written down, because we were killed then."""
        listed = self.endpoint.send(_get(f"/batches?limit={_LISTED}"), _reader(BatchList))
        return next((b.id for b in listed.data if (b.metadata or {}).get(_OURS) == job.name), "")

    def _made(self, job: Job) -> str:
        body = {
            "input_file_id": job.file,
            "endpoint": self.path,
            "completion_window": self.window,
            "metadata": {_OURS: job.name},
        }
        call = Call(json.dumps(body).encode(), path="/batches")
        return self.endpoint.send(call, _reader(Named)).id

    def _keep(self, job: Job) -> Job:
        write_text(self.folder / job.name / _FILE, json.dumps(asdict(job), indent=1))
        return job

    def _kept(self, file: Path) -> Job:
        try:
            return decoded(file.read_bytes(), Job)
        except ValueError as cause:
            raise DamagedArtefact(
                f"what was kept of a file of requests cannot be read: {cause}",
                where=str(file),
                next_step="delete its folder; what it holds is sent again",
            ) from cause


@dataclass(frozen=True)
class Named:
    """Anything that has an id."""

    id: str


@dataclass(frozen=True)
class BatchTrouble:
    """Why a batch failed."""

    data: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class BatchState:
    """What a service says of a batch."""

    id: str
    status: str = ""
    output_file_id: str | None = None
    error_file_id: str | None = None
    errors: BatchTrouble | None = None
    metadata: dict[str, Any] | None = None

    def words(self) -> str:
        """What went wrong, as it says; may be empty."""
        first = self.errors.data[:1] if self.errors else []
        return str(first[0].get("message", ""))[:300] if first else ""


@dataclass(frozen=True)
class BatchList:
    """Batches of a service, the latest."""

    data: list[BatchState] = field(default_factory=list)


@dataclass(frozen=True)
class BatchResponse:
    """The reply to one request of a file."""

    status_code: int = 0
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class BatchLine:
    """One line of a file of replies."""

    custom_id: str
    response: BatchResponse | None = None


def _get(path: str) -> Call:
    return Call(path=path, method="GET")


def _reader(kind: type[T]) -> Read[T]:
    return lambda content: (decoded(content, kind), None)


def _as_it_is(content: bytes) -> tuple[bytes, None]:
    return content, None
