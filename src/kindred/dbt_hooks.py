"""Where an hour goes other ways than dbt: which node is next, and which events are rendered."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import networkx as nx
from dbt.graph.queue import GraphQueue
from dbt.graph.thread_pool import DbtThreadPool
from dbt.task.build import BuildTask
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

_FINEST = (EventLevel.DEBUG, EventLevel.TEST)


class SparingEventManager(EventManager):
    """dbt's own, but an event too fine for every logger is not made into a message first.

    dbt renders each event before it asks whether a logger takes it: of the four thousand of an
    hour all but three hundred for nothing, a twentieth of its time.
    """

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        """Hand an event to whoever asked for its level."""
        is_fine = (level or e.level_tag()) in _FINEST
        if is_fine and not any(logger.level in _FINEST for logger in self.loggers):
            return
        super().fire_event(e, level, node, force_warn_or_error_handling)


@contextmanager
def longest_path_first(seconds: Mapping[str, float]) -> Iterator[None]:
    """Of the nodes that dbt may run next, take the one that most time hangs on.

    dbt hands out all that are ready at once, those of one moment by depth and name: what a run
    waits for stands behind small ones, and at the end one thread works alone. Here a node is
    chosen when a thread is free, and what the last one made ready is among the choice.
    ``seconds`` are those that nodes took before. Any order that keeps to the graph gives the
    same tables.
    """
    hand_out, score = BuildTask.handle_job_queue, GraphQueue._get_scores

    def hand_out_to_free(task: BuildTask, pool: DbtThreadPool, callback: Callable) -> None:
        queue = task.job_queue
        with queue.lock:
            queue.some_task_done.wait_for(lambda: len(queue.in_progress) < pool.max_threads)
        hand_out(task, pool, callback)

    BuildTask.handle_job_queue = hand_out_to_free
    GraphQueue._get_scores = lambda _, graph: path_scores(graph, seconds)
    try:
        yield
    finally:
        BuildTask.handle_job_queue, GraphQueue._get_scores = hand_out, score


def path_scores(graph: nx.DiGraph, seconds: Mapping[str, float]) -> dict[str, float]:
    """For each node, the seconds of the longest path that begins with it, as a negative number.

    This is highest level first (Hu, 1961) with times for units. A node without a time counts as
    the mean of the others; where none has one, as a second.
    """
    unknown = sum(seconds.values()) / len(seconds) if seconds else 1.0
    scores: dict[str, float] = {}
    for node in reversed(list(nx.topological_sort(graph))):
        after = min((scores[follower] for follower in graph.successors(node)), default=0.0)
        scores[node] = after - seconds.get(node, unknown)
    return scores


def seconds_of_last_run(target: Path) -> dict[str, float]:
    """What each node took in the run that ``run_results.json`` tells of; empty without one."""
    try:
        results = json.loads((target / "run_results.json").read_text())["results"]
        return {one["unique_id"]: float(one["execution_time"]) for one in results}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
