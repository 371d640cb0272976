"""The verb of a scan: find out which pictures in some folders are the same, or look alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from calotype.imaging import Pixels
from calotype.scan.grouping import arrange
from calotype.scan.looking import Looking
from calotype.scan.matching import Matching
from calotype.scan.model import Findings
from calotype.scan.progress import Watcher
from calotype.scan.store import Cache
from calotype.scan.twins import Twins
from calotype.scan.walking import walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Looks through folders, which it only reads."""

    pixels: Pixels
    cache: Cache
    watcher: Watcher
    children: int
    near_distance: int

    async def through(self, folders: Iterable[Path]) -> Findings:
        """Walk, look, compare, and put into groups what belongs together."""
        await self.pixels.isolation()
        self.watcher.begin("Walking through folders")
        walked = await walk(folders)
        looking = Looking(self.pixels, self.cache, self.watcher, self.children)
        contents = await looking.at(walked.entries)
        contents.sort(key=lambda content: content[0].rank)
        pictures = [content[0] for content in contents]
        matching = Matching(self.cache, self.watcher, self.near_distance)
        links = await matching.links(pictures)
        twins = Twins(self.pixels, self.cache, self.watcher, self.children)
        kinds = await twins.among(pictures, links)
        readable = sum(len(content) for content in contents)
        return Findings(
            pictures=readable + len(looking.failures),
            other_files=looking.others,
            hard_links=walked.hard_links,
            failures=(*walked.failures, *looking.failures),
            groups=tuple(arrange(contents, links, kinds)),
            crowded=matching.crowded,
        )
