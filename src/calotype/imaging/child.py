"""The child process: locks itself in, then looks at one picture after the other."""

import array
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pillow_heif

from calotype.errors import Invalid
from calotype.imaging import comparing, looking, reading, render, wire
from calotype.imaging.confinement import confine, limit_cpu
from calotype.imaging.errors import ImagingUnavailable, NotAPicture, Unreadable
from calotype.imaging.linux import give_memory_back
from calotype.imaging.model import Limits
from calotype.imaging.orders import Order
from calotype.imaging.reading import Opened

_Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, about which files, with what else to know and where to write."""

    verb: str
    details: _Answer
    files: list[int]
    outputs: list[int]


_Verb = Callable[[list[Opened], _Question], _Answer]


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
    message = wire.unpack(received)
    files = message.pop("files")
    return _Question(**message, files=list(descriptors[:files]), outputs=list(descriptors[files:]))


def _answer(verb: _Verb, question: _Question, limits: Limits) -> _Answer:
    try:
        with ExitStack() as mapped:
            opened = [_opened(file, limits, mapped) for file in question.files]
            return {"answer": verb(opened, question)}
    except (Invalid, ImagingUnavailable) as refusal:
        return {"refused": type(refusal).__name__, "detail": refusal.detail}
    finally:
        for descriptor in (*question.files, *question.outputs):
            os.close(descriptor)


def _opened(file: int, limits: Limits, mapped: ExitStack) -> Opened:
    """Map *file* into memory until *mapped* ends."""
    if not os.fstat(file).st_size:
        raise NotAPicture("the file is empty")
    try:
        data = mapped.enter_context(mmap.mmap(file, 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise Unreadable("it needs more memory than allowed") from error
    return Opened(file, data, limits)


def _probe(opened: list[Opened], _: _Question) -> _Answer:
    return reading.probe(opened[0]).to_json()


def _decode(opened: list[Opened], _: _Question) -> _Answer:
    reading.decode(opened[0])
    return {}


def _strip(opened: list[Opened], _: _Question) -> _Answer:
    stripped = reading.strip(opened[0])
    return {"stripped": stripped and stripped.to_json()}


def _fingerprint(opened: list[Opened], _: _Question) -> _Answer:
    return looking.fingerprint(opened[0]).to_json()


def _render(opened: list[Opened], question: _Question) -> _Answer:
    orders = [Order.from_json(order) for order in question.details["orders"]]
    made = render.render(opened[0], orders, question.outputs)
    # What encoders used lies in pieces, and would be added to what the next picture needs.
    give_memory_back()
    return {"made": [each.to_json() for each in made]}


def _same_pixels(opened: list[Opened], _: _Question) -> _Answer:
    return {"same": comparing.same_pixels(opened[0], opened[1])}


def _difference(opened: list[Opened], question: _Question) -> _Answer:
    data, share = comparing.difference(opened[0], opened[1])
    wire.write(question.outputs[0], data)
    return {"share": share}


_VERBS: dict[str, _Verb] = {
    "probe": _probe,
    "decode": _decode,
    "strip": _strip,
    "render": _render,
    "fingerprint": _fingerprint,
    "same_pixels": _same_pixels,
    "difference": _difference,
}


if __name__ == "__main__":
    main(int(sys.argv[1]), Limits(**json.loads(sys.argv[2])))
