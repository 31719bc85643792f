"""Who writes the shards: this process, local processes, or a Dask cluster. The bytes are the same."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from gwkeras.core.errors import BadInput, GwkerasError
from tfrecords_build.shards import ShardWriter, Unit, Written

OnDone = Callable[[Written], None]


def run(writer: ShardWriter, units: Sequence[Unit], workers: int, scheduler: str | None, on_done: OnDone) -> None:
    """Writes all units; `on_done` is called in this process after each, in the order in which they end.

    Raises: whatever a worker raised; BadInput: where no scheduler answers at the address.
    """
    if scheduler is not None:
        _on_cluster(writer, units, scheduler, on_done)
    elif workers > 1 and len(units) > 1:
        _in_processes(writer, units, min(workers, len(units)), on_done)
    else:
        for unit in units:
            on_done(writer.write(unit))


def _in_processes(writer: ShardWriter, units: Sequence[Unit], workers: int, on_done: OnDone) -> None:
    todo = list(reversed(units))
    with _processes(writer, workers) as connections:
        for connection in connections:
            connection.send(todo.pop())
        busy = set(connections)
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                try:
                    result = ready.recv()
                except EOFError as error:
                    raise GwkerasError(
                        "A build process ended unexpectedly (out of memory?); the same command continues where it "
                        "stopped, perhaps with fewer --workers."
                    ) from error
                if isinstance(result, BaseException):
                    raise result
                if todo:
                    ready.send(todo.pop())
                else:
                    busy.discard(ready)
                on_done(result)


@contextmanager
def _processes(writer: ShardWriter, workers: int) -> Iterator[list[Connection]]:
    # Spawned, not forked: a fork of a process in which TensorFlow or Dask run threads can hang.
    context = multiprocessing.get_context("spawn")
    connections: list[Connection] = []
    processes: list[SpawnProcess] = []
    try:
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            ours.send(writer)
            connections.append(ours)
            processes.append(process)
        yield connections
    finally:
        for connection in connections:
            connection.close()  # idle workers end at once, busy ones after their shard
        for process in processes:
            process.join(timeout=1)
            if process.is_alive():
                process.terminate()
                process.join()


def _work(connection: Connection) -> None:
    """A worker: units in, results out, until the other end closes (also because its process was killed)."""
    try:
        writer = connection.recv()
        while True:
            unit = connection.recv()
            try:
                result = writer.write(unit)
            except (GwkerasError, OSError) as error:
                result = error
            connection.send(result)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _on_cluster(writer: ShardWriter, units: Sequence[Unit], scheduler: str, on_done: OnDone) -> None:
    """Sends the units to a running cluster, whose workers must see the same folders under the same paths."""
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise BadInput(
            "--scheduler", expected="the package distributed", found="none", remedy="install gwkeras[cluster], or use --workers"
        ) from error
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError) as error:
        raise BadInput(
            f"--scheduler {scheduler}",
            expected="the address of a running Dask scheduler",
            found=str(error) or "no answer",
            remedy="start one with `dask scheduler`, or use --workers",
        ) from error
    with client:
        shared = client.scatter(writer, broadcast=True, hash=False)
        futures = [client.submit(ShardWriter.write, shared, unit, pure=False) for unit in units]
        for future in as_completed(futures, loop=client.loop):
            on_done(future.result())
