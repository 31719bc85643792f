"""Who writes the shards: this process, local processes, or a Dask cluster. The bytes are the same."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from gwkeras.core.errors import BadInput, GwkerasError
from tfrecords_build.cluster import connect
from tfrecords_build.shards import ShardWriter, Unit, Written

OnDone = Callable[[Written], None]
_PATIENCE_SECONDS = 20.0  # for a shard that is being written while another one fails


def run(writer: ShardWriter, units: Sequence[Unit], workers: int, scheduler: str | None, on_done: OnDone) -> None:
    """Writes all units; `on_done` is called in this process after each, in the order in which they end.

    Raises: whatever a worker raised; BadInput: where no scheduler answers at the address.
    """
    packed = pickle.dumps(writer)
    if scheduler is not None:
        _on_cluster(packed, units, scheduler, on_done)
    elif workers > 1 and len(units) > 1:
        _in_processes(packed, units, min(workers, len(units)), on_done)
    else:
        for unit in units:
            on_done(_write(packed, unit))


def _write(packed: bytes, unit: Unit) -> Written:
    """Unpacks the writer anew for each shard, which lets go of mapped files: else each process would come to hold all."""
    writer: ShardWriter = pickle.loads(packed)
    return writer.write(unit)


def _in_processes(packed: bytes, units: Sequence[Unit], workers: int, on_done: OnDone) -> None:
    todo = list(reversed(units))
    with _processes(packed, workers) as connections:
        busy = set(connections)
        for connection in connections:
            connection.send(todo.pop())
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                result = ready.recv()
                if isinstance(result, BaseException):
                    raise result
                if todo:
                    ready.send(todo.pop())
                else:
                    busy.discard(ready)
                on_done(result)


@contextmanager
def _processes(packed: bytes, workers: int) -> Iterator[list[Connection]]:
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
            ours.send_bytes(packed)
            connections.append(ours)
            processes.append(process)
        yield connections
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise GwkerasError(
            "A build process ended unexpectedly (out of memory?); the same command continues where it stopped, "
            "perhaps with fewer --workers."
        ) from error
    finally:
        for connection in connections:
            connection.close()  # idle workers end at once, busy ones after their shard
        for process in processes:
            process.join(timeout=_PATIENCE_SECONDS)
            if process.is_alive():
                process.terminate()
                process.join()


def _work(connection: Connection) -> None:
    """A worker: units in, results out, until the other end closes (also because its process was killed)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers in order
    try:
        packed = connection.recv_bytes()
        while True:
            unit = connection.recv()
            try:
                result: Written | Exception = _write(packed, unit)
            except Exception as error:  # whatever it is, it is the parent that says it
                result = error
            connection.send(result)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _on_cluster(packed: bytes, units: Sequence[Unit], scheduler: str, on_done: OnDone) -> None:
    """Sends the units to a running cluster, whose workers must see the same folders under the same paths."""
    try:
        from distributed import as_completed
    except ImportError as error:
        raise BadInput(
            "--scheduler", expected="the package distributed", found="none", remedy="install gwkeras[cluster], or use --workers"
        ) from error
    with connect(scheduler) as client:
        shared = client.scatter(packed, broadcast=True, hash=False)
        futures = [client.submit(_write, shared, unit, pure=False) for unit in units]
        for future in as_completed(futures, loop=client.loop):
            on_done(future.result())
