"""Running the jobs that wait, once, as a worker does."""

from calotype.app import House
from calotype.jobs import Worker


async def work_off(house: House, login_url: str) -> None:
    """Carry out every job that is due, and come back."""
    worker = Worker.build(
        login_url, house.tasks, concurrency=1, separate_roles=house.database.separate_roles
    )
    async with worker.app.open_async():
        await worker.app.run_worker_async(
            wait=False, install_signal_handlers=False, delete_jobs="successful"
        )
