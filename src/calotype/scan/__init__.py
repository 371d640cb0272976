"""Scan: which pictures in folders are the same or look alike, without a server or a database."""

from calotype.scan.model import Failure, Findings, Group, Member
from calotype.scan.service import Scan

__all__ = ["Failure", "Findings", "Group", "Member", "Scan"]
