"""Which requests of visitors are still wanted."""

import pytest

from inpainting.demo import limits, requests
from inpainting.demo.requests import Overtaken, Requests, check_wanted


def test_a_newer_request_overtakes_those_of_the_same_visitor():
    all_ = Requests()
    all_.note("visitor", 1)
    all_.note("another", 1)
    all_.check("visitor", 1)
    all_.note("visitor", 2)
    with pytest.raises(Overtaken):
        all_.check("visitor", 1)
    all_.check("visitor", 2)
    all_.check("another", 1)  # nobody else is overtaken


def test_an_older_request_that_comes_late_overtakes_nothing():
    all_ = Requests()
    all_.note("visitor", 2)
    all_.note("visitor", 1)
    all_.check("visitor", 2)
    with pytest.raises(Overtaken):
        all_.check("visitor", 1)


def test_who_leaves_wants_nothing_any_more():
    all_ = Requests()
    all_.note("visitor", 1)
    all_.forget("visitor")
    with pytest.raises(Overtaken):
        all_.check("visitor", 1)
    all_.forget("nobody")


def test_only_so_many_visitors_are_remembered(monkeypatch):
    monkeypatch.setattr(limits, "VISITORS", 3)
    all_ = Requests()
    for visitor in range(5):
        all_.note(str(visitor), 7)
    assert len(all_._numbers) == 3
    all_.check("4", 7)
    with pytest.raises(Overtaken):
        all_.check("1", 7)


def test_an_event_ends_when_its_client_has_left(monkeypatch):
    check_wanted()  # outside of an event
    monkeypatch.setattr(requests, "event_is_wanted", lambda: False)
    with pytest.raises(Overtaken):
        check_wanted()
