"""How well likenesses are told, on a labelled set of pictures."""

import argparse
import asyncio
import csv
import itertools
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.likenesses import build
from benchmarks.reporting import record, table
from calotype.imaging import Fingerprint, Pixels
from calotype.similarity import WIDE_DISTANCE, Likeness, compare

NEAR = ("original", "same", "re-encode", "reencode", "recompress", "resize", "format", "orient")
"""How relations begin that are the same picture."""
VARIANT = ("variant", "colour", "color")
"""How relations begin that are another thing."""
STRANGERS = 20_000
RUNGS = ("near", "variant", "similar", None)
CHILDREN = 2


@dataclass(frozen=True)
class Labels:
    """Which files are one picture, which derive from one, and which must not be confused."""

    groups: dict[str, dict[str, str]]
    """Of each group the relation of each file."""
    hard_negatives: list[tuple[str, str, str]]

    @property
    def group_of(self) -> dict[str, str]:
        return {file: group for group, files in self.groups.items() for file in files}

    @property
    def files(self) -> list[str]:
        hard = {file for a, b, _ in self.hard_negatives for file in (a, b)}
        return sorted(hard | set(self.group_of))

    def same(self) -> Iterator[tuple[str, str, str]]:
        """Pairs that are near, with the relation of the second."""
        for files in self.groups.values():
            near = [file for file, relation in files.items() if _begins(relation, NEAR)]
            near.sort(key=lambda file: files[file] != "original")
            for a, b in itertools.combinations(near, 2):
                yield a, b, files[b]

    def derived(self) -> Iterator[tuple[str, str, str]]:
        """Pairs of a group's first file and one that was made from it by more than encoding."""
        for files in self.groups.values():
            first = next(iter(sorted(files, key=lambda file: files[file] != "original")))
            for file, relation in files.items():
                if not _begins(relation, NEAR):
                    yield first, file, relation

    def not_near(self) -> Iterator[tuple[str, str, str]]:
        yield from self.hard_negatives
        yield from (pair for pair in self.derived() if _begins(pair[2], VARIANT))


def _begins(relation: str, words: Sequence[str]) -> bool:
    return relation.lower().startswith(tuple(words))


def read(folder: Path) -> Labels:
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for row in _rows(folder / "groups.tsv"):
        groups[row["group"]][row["file"]] = row["relation"]
    hard = folder / "hard_negatives.tsv"
    negatives = [(row["a"], row["b"], row["why"]) for row in _rows(hard)] if hard.exists() else []
    return Labels(groups, negatives)


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


async def fingerprints(folder: Path, files: list[str]) -> dict[str, Fingerprint]:
    pixels = Pixels(CHILDREN)
    waiting = asyncio.Semaphore(CHILDREN)

    async def look(file: str) -> Fingerprint:
        async with waiting:
            return await pixels.fingerprint(folder / file)

    try:
        return dict(zip(files, await asyncio.gather(*map(look, files)), strict=True))
    finally:
        await pixels.close()


@dataclass(frozen=True)
class Judge:
    """Compares by name, with the near distance in force."""

    found: dict[str, Fingerprint]
    near_distance: int

    def __call__(self, a: str, b: str) -> Likeness:
        return compare(self.found[a], self.found[b], self.near_distance)

    def candidates(self, files: list[str]) -> Iterator[tuple[str, str]]:
        """Every pair of files whose pHashes are close enough for `near`."""
        hashes = np.frombuffer(b"".join(self.found[file].phash for file in files), np.uint64)
        hashes = hashes.reshape(len(files), -1)
        for place, own in enumerate(hashes):
            apart = np.bitwise_count(hashes[place + 1 :] ^ own).sum(axis=1)
            for other in np.nonzero(apart <= WIDE_DISTANCE)[0]:
                yield files[place], files[place + 1 + int(other)]


def strangers(labels: Labels, judge: Judge) -> list[tuple[str, str, str]]:
    """Pairs of different groups that were called near, and files of none are left out."""
    group_of = labels.group_of
    return [
        (a, b, "strangers")
        for a, b in judge.candidates(sorted(group_of))
        if group_of[a] != group_of[b] and judge(a, b).certainty == "near"
    ]


def sampled_strangers(labels: Labels) -> Iterator[tuple[str, str, str]]:
    """Pairs of pictures that have nothing to do with each other, the same in every run."""
    group_of, chance = labels.group_of, random.Random(1)
    files = sorted(group_of)
    for _ in range(STRANGERS):
        a, b = chance.sample(files, 2)
        if group_of[a] != group_of[b]:
            yield a, b, "strangers"


def per_relation(pairs: Iterator[tuple[str, str, str]], judge: Judge) -> dict[str, Counter]:
    counts: dict[str, Counter] = defaultdict(Counter)
    for a, b, relation in pairs:
        counts[relation][judge(a, b).certainty] += 1
    return dict(sorted(counts.items()))


def rows(counts: dict[str, Counter]) -> list[list[object]]:
    return [
        [relation, each.total(), *(each[rung] for rung in RUNGS), 1 - each[None] / each.total()]
        for relation, each in counts.items()
    ]


def judge_set(labels: Labels, judge: Judge) -> tuple[str, dict[str, object]]:
    same, derived = per_relation(labels.same(), judge), per_relation(labels.derived(), judge)
    hard = per_relation(labels.not_near(), judge)
    true = sum(each["near"] for each in same.values())
    wrong = [
        (a, b, why) for a, b, why in labels.not_near() if judge(a, b).certainty == "near"
    ] + strangers(labels, judge)
    recall = true / max(1, sum(each.total() for each in same.values()))
    precision = true / max(1, true + len(wrong))
    told = (
        f"near at distance {judge.near_distance}: recall {recall:.4f}, precision {precision:.4f}, "
    )
    told += f"hard negatives called near {sum(each['near'] for each in hard.values())}"
    head = ["pairs", "near", "variant", "similar", "none", "found"]
    parts = [
        told,
        table(["the same picture", *head], rows(same)),
        table(["made from it", *head], rows(derived)),
        table(["not the same picture", *head], rows(hard)),
        table(
            ["of other groups, a sample", *head],
            rows(per_relation(sampled_strangers(labels), judge)),
        ),
        "Wrongly called near:\n" + "\n".join(f"- {a} {b} ({why})" for a, b, why in wrong[:40]),
    ]
    figures: dict[str, object] = {"recall": recall, "precision": precision, "wrong": wrong}
    return "\n\n".join(parts), figures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--set", type=Path, help="a folder with groups.tsv; else one is made")
    options.add_argument("--photos", type=Path, help="a folder of photographs to make the set from")
    options.add_argument("--most", type=int, default=28, help="how many photographs to use")
    options.add_argument("--near-distance", type=int, default=5)
    options.add_argument("--name", default="quality", help="what to call the record")
    chosen = options.parse_args()
    made = nullcontext(chosen.set) if chosen.set else tempfile.TemporaryDirectory()
    with made as name:
        folder = Path(name)
        if not chosen.set:
            build(chosen.photos, folder, chosen.most)
        labels = read(folder)
        found = asyncio.run(fingerprints(folder, labels.files))
    told, figures = judge_set(labels, Judge(found, chosen.near_distance))
    record(chosen.name, told, figures)


if __name__ == "__main__":
    main()
