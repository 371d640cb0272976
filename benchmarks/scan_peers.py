"""Peers that look for duplicates in a folder, as their manuals show; each prints groups as JSON."""

import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

Groups = list[list[str]]


def by_czkawka(folder: Path) -> Groups:
    """Similar images of czkawka's core, at its wrapper's example of a distance."""
    from czkawka import ImageSimilarity  # noqa: PLC0415 -- a peer may be missing

    finder: Any = ImageSimilarity()
    finder.set_directories([folder])
    finder.set_similarity(5)
    return [[str(file) for file in group] for group in finder.find_similar()]


def by_imagehash(folder: Path) -> Groups:
    """pHash and dHash of 256 bits, and every one with every other."""
    import imagehash  # noqa: PLC0415 -- a peer may be missing
    import numpy as np  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415

    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hashes = []
    for file in files:
        with Image.open(file) as picture:
            both = imagehash.phash(picture, 16), imagehash.dhash(picture, 16)
            hashes.append([np.packbits(each.hash).view(np.uint64) for each in both])
    words = np.array(hashes)
    groups: Groups = []
    for place, own in enumerate(words):
        apart = np.bitwise_count(words[place + 1 :] ^ own).sum(axis=2).max(axis=1)
        groups += [
            [str(files[place]), str(files[place + 1 + at])] for at in np.nonzero(apart <= 5)[0]
        ]
    return groups


def by_sha256(folder: Path) -> Groups:
    """What finders of equal files do; nothing but the bytes is read."""
    found: defaultdict[bytes, list[str]] = defaultdict(list)
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        with file.open("rb") as opened:
            found[hashlib.file_digest(opened, "sha256").digest()].append(str(file))
    return [group for group in found.values() if len(group) > 1]


PEERS = {"czkawka": by_czkawka, "imagehash": by_imagehash, "sha256": by_sha256}

if __name__ == "__main__":
    print(json.dumps(PEERS[sys.argv[1]](Path(sys.argv[2]))))
