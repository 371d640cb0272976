"""Findings as JSON, in the words that programs rely on."""

from typing import Any

from calotype.scan.model import Findings, Group


def findings_out(findings: Findings) -> dict[str, Any]:
    return {
        "files": findings.pictures,
        "failed": [{"path": each.path, "reason": each.reason} for each in findings.failures],
        "groups": [_group_out(group) for group in findings.groups],
        "bytesToWin": findings.bytes_to_win,
    }


def _group_out(group: Group) -> dict[str, Any]:
    return {
        "certainty": group.rung,
        "files": [
            {
                "path": member.picture.entry.path,
                "sizeBytes": member.picture.entry.size_bytes,
                "distance": member.distance,
            }
            for member in group.members
        ],
    }
