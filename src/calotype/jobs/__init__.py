"""Work for later, added in the same transaction as the change that needs it."""

from calotype.jobs.checks import JOB_CHECKS
from calotype.jobs.queue import Job, Jobs, procrastinate_part
from calotype.jobs.running import Task, Worker

__all__ = ["JOB_CHECKS", "Job", "Jobs", "Task", "Worker", "procrastinate_part"]
