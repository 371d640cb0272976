"""The child process: locks itself in, then looks at one picture after the other."""

import array
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pillow_heif

from calotype.errors import Invalid
from calotype.imaging import looking, reading, render, wire
from calotype.imaging.confinement import confine, limit_cpu
from calotype.imaging.errors import NotAPicture, Unreadable
from calotype.imaging.linux import give_memory_back
from calotype.imaging.model import Limits
from calotype.imaging.orders import Order
from calotype.imaging.reading import Opened

_Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, about which file, with what else to know and where to write."""

    verb: str
    details: _Answer
    file: int
    outputs: list[int]


_Verb = Callable[[Opened, _Question], _Answer]


def main(descriptor: int, limits: Limits) -> None:
    channel = socket.socket(fileno=descriptor)
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    channel.sendall(wire.pack(confine(limits).to_json()))
    while question := _receive(channel):
        limit_cpu(limits.cpu_seconds)
        channel.sendall(wire.pack(_answer(_VERBS[question.verb], question, limits)))


def _receive(channel: socket.socket) -> _Question | None:
    """Wait for a question and the files that come with it; None when the server is gone."""
    received, ancillary, _, _ = channel.recvmsg(
        wire.MAX_BYTES, socket.CMSG_SPACE(4 * wire.MOST_DESCRIPTORS)
    )
    if not received:
        return None
    while missing := wire.missing_bytes(received):
        received += channel.recv(missing)
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    file, *outputs = descriptors
    return _Question(**wire.unpack(received), file=file, outputs=outputs)


def _answer(verb: _Verb, question: _Question, limits: Limits) -> _Answer:
    try:
        return {"answer": _with_file(verb, question, limits)}
    except Invalid as refusal:
        return {"refused": type(refusal).__name__, "detail": refusal.detail}
    finally:
        for descriptor in (question.file, *question.outputs):
            os.close(descriptor)


def _with_file(verb: _Verb, question: _Question, limits: Limits) -> _Answer:
    file = question.file
    if not os.fstat(file).st_size:
        raise NotAPicture("the file is empty")
    try:
        mapped = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise Unreadable("it needs more memory than allowed") from error
    with mapped as data:
        return verb(Opened(file, data, limits), question)


def _probe(opened: Opened, _: _Question) -> _Answer:
    return reading.probe(opened).to_json()


def _decode(opened: Opened, _: _Question) -> _Answer:
    reading.decode(opened)
    return {}


def _strip(opened: Opened, _: _Question) -> _Answer:
    stripped = reading.strip(opened)
    return {"stripped": stripped and stripped.to_json()}


def _fingerprint(opened: Opened, _: _Question) -> _Answer:
    return looking.fingerprint(opened).to_json()


def _render(opened: Opened, question: _Question) -> _Answer:
    orders = [Order.from_json(order) for order in question.details["orders"]]
    made = render.render(opened, orders, question.outputs)
    # What encoders used lies in pieces, and would be added to what the next picture needs.
    give_memory_back()
    return {"made": [each.to_json() for each in made]}


_VERBS: dict[str, _Verb] = {
    "probe": _probe,
    "decode": _decode,
    "strip": _strip,
    "render": _render,
    "fingerprint": _fingerprint,
}


if __name__ == "__main__":
    main(int(sys.argv[1]), Limits(**json.loads(sys.argv[2])))
