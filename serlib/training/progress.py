"""Progress: one bar over the epochs of all fits of a run, with the time left."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from .fold import FoldTask


class Progress:
    """A bar over the epochs of many fits, of which some at a time are being trained.

    What the cache holds is taken off the total rather than counted as done, so that the time
    left is that of the work left. Early stopping makes the bar jump ahead.

    Parameters
    ----------
    epochs : int, upper bound of all epochs to come
    """

    def __init__(self, epochs: int):
        self.bar = tqdm(total=epochs, unit="epoch")

    @contextmanager
    def watch(self, tasks: list[FoldTask]) -> Iterator[None]:
        """Follow tasks, no folder twice, by the files that their processes write."""
        cached, before = sum(task.epochs for task in tasks), self.bar.n
        self.bar.total -= cached
        stop = threading.Event()

        def show() -> None:
            done = f"{tasks[0].system.name}: {sum(t.done for t in tasks)} of {len(tasks)} fits"
            self.bar.set_postfix_str(done, refresh=False)
            self.bar.update(before + sum(task.epochs for task in tasks) - cached - self.bar.n)

        def follow() -> None:
            while not stop.wait(1):
                show()

        watcher = threading.Thread(target=follow, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            stop.set()
            watcher.join()
            show()
            self.bar.refresh()

    def close(self) -> None:
        self.bar.close()
