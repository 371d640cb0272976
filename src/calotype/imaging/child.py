"""The child process: locks itself in, then looks at one picture after the other."""

import array
import json
import mmap
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import pillow_heif

from calotype.errors import Invalid
from calotype.imaging import looking, reading, wire
from calotype.imaging.confinement import confine, limit_cpu
from calotype.imaging.errors import NotAPicture, Unreadable
from calotype.imaging.model import Limits
from calotype.imaging.reading import Opened

_Answer = dict[str, Any]


def main(descriptor: int, limits: Limits) -> None:
    channel = socket.socket(fileno=descriptor)
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.options.THUMBNAILS = False
    pillow_heif.options.DEPTH_IMAGES = False
    pillow_heif.options.AUX_IMAGES = False
    channel.sendall(wire.pack(confine(limits).to_json()))
    while request := _receive(channel):
        message, file = request
        limit_cpu(limits.cpu_seconds)
        channel.sendall(wire.pack(_answer(_VERBS[message["verb"]], file, limits)))


def _receive(channel: socket.socket) -> tuple[_Answer, int] | None:
    """Wait for a request and the file that comes with it; None when the server is gone."""
    received, ancillary, _, _ = channel.recvmsg(wire.MAX_BYTES, socket.CMSG_SPACE(4))
    if not received:
        return None
    while missing := wire.missing_bytes(received):
        received += channel.recv(missing)
    descriptors = array.array("i")
    for _, _, data in ancillary:
        descriptors.frombytes(data)
    return wire.unpack(received), descriptors[0]


def _answer(verb: Callable[[Opened], _Answer], file: int, limits: Limits) -> _Answer:
    try:
        return {"answer": _with_file(verb, file, limits)}
    except Invalid as refusal:
        return {"refused": type(refusal).__name__, "detail": refusal.detail}
    finally:
        os.close(file)


def _with_file(verb: Callable[[Opened], _Answer], file: int, limits: Limits) -> _Answer:
    if not os.fstat(file).st_size:
        raise NotAPicture("the file is empty")
    try:
        mapped = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise Unreadable("it needs more memory than allowed") from error
    with mapped as data:
        return verb(Opened(file, data, limits))


def _probe(opened: Opened) -> _Answer:
    return reading.probe(opened).to_json()


def _decode(opened: Opened) -> _Answer:
    reading.decode(opened)
    return {}


def _strip(opened: Opened) -> _Answer:
    stripped = reading.strip(opened)
    return {"stripped": stripped and stripped.to_json()}


def _fingerprint(opened: Opened) -> _Answer:
    return looking.fingerprint(opened).to_json()


_VERBS = {"probe": _probe, "decode": _decode, "strip": _strip, "fingerprint": _fingerprint}


if __name__ == "__main__":
    main(int(sys.argv[1]), Limits(**json.loads(sys.argv[2])))
