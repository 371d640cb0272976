"""What doctor asks of the queue."""

from calotype.database import RowCheck

JOB_CHECKS = (
    RowCheck(
        code="job-overdue",
        severity="warning",
        message="This job's worker stopped answering and nobody took it over: is a worker running?",
        query="""
        select j.task_name || ' ' || j.id from procrastinate.procrastinate_jobs j
        left join procrastinate.procrastinate_workers w on w.id = j.worker_id
        where j.status = 'doing'
            and coalesce(w.last_heartbeat, '-infinity') < now() - interval '5 minutes'
        """,
    ),
    RowCheck(
        code="job-failed",
        severity="warning",
        message="This job failed for good; the worker's log says why. Repairing forgets it, as"
        " two weeks do.",
        query="""
        select task_name || ' ' || id from procrastinate.procrastinate_jobs
        where status = 'failed'
        """,
        repair="delete from procrastinate.procrastinate_jobs where status = 'failed'",
    ),
)
