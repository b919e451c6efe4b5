"""Where an hour goes other ways than dbt: no line is lost, and what much hangs on comes first."""

import io
import json

import networkx as nx
import pytest
from dbt.events.types import NodeStart
from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.logger import LoggerConfig
from dbt_common.events.types import Note

from kindred.dbt_hooks import SparingEventManager, path_scores, seconds_of_last_run

LEVELS = list(EventLevel)


def lines(manager: EventManager, *logged: EventLevel) -> list[str]:
    """What loggers of these levels write, of an event of each level."""
    streams = [io.StringIO() for _ in logged]
    for level, stream in zip(logged, streams, strict=True):
        manager.add_logger(LoggerConfig(name=level.value, level=level, output_stream=stream))
    for level in LEVELS:
        manager.fire_event(Note(msg=f"told as {level.value}"), level=level)
    # an event that has a level of its own
    manager.fire_event(NodeStart(node_info={}))
    # a line begins with the time
    return [line.split("  ", 1)[1] for stream in streams for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("one", LEVELS)
@pytest.mark.parametrize("other", LEVELS)
def test_loggers_write_what_they_write_without_sparing(one, other):
    assert lines(SparingEventManager(), one, other) == lines(EventManager(), one, other)


def test_an_event_that_no_logger_takes_is_not_rendered(monkeypatch):
    manager = SparingEventManager()
    manager.add_logger(LoggerConfig(name="all", level=EventLevel.INFO, output_stream=io.StringIO()))
    monkeypatch.setattr(Note, "message", lambda _: pytest.fail("rendered"))
    manager.fire_event(Note(msg="for nobody"), level=EventLevel.DEBUG)


def test_what_most_time_hangs_on_comes_first():
    graph = nx.DiGraph([("short", "end"), ("long", "end"), ("early", "long"), ("alone", "other")])
    seconds = {"short": 1, "long": 3, "end": 2, "early": 0.5, "alone": 4, "other": 0.5}
    scores = path_scores(graph, seconds)
    assert scores == {
        "early": -5.5,
        "long": -5,
        "alone": -4.5,
        "short": -3,
        "end": -2,
        "other": -0.5,
    }


def test_a_node_without_a_time_counts_as_the_mean_or_as_a_second():
    graph = nx.DiGraph([("new", "known"), ("other", "known")])
    assert path_scores(graph, {"known": 2, "other": 6})["new"] == -2 - 4
    assert path_scores(graph, {})["new"] == -2


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"results": [{}]}'])
def test_without_results_of_a_run_no_node_has_a_time(tmp_path, text):
    if text is not None:
        (tmp_path / "run_results.json").write_text(text)
    assert seconds_of_last_run(tmp_path) == {}


def test_the_times_are_those_of_the_last_run(tmp_path):
    results = [{"unique_id": "model.one", "execution_time": 0.25, "status": "success"}]
    (tmp_path / "run_results.json").write_text(json.dumps({"results": results}))
    assert seconds_of_last_run(tmp_path) == {"model.one": 0.25}
