"""Which requests of visitors are still wanted."""

import pytest

from inpainting.demo import limits, requests
from inpainting.demo.requests import Overtaken, Requests, check_wanted


def test_a_newer_request_overtakes_those_of_the_same_visitor():
    all_ = Requests()
    old, other = all_.begin("visitor"), all_.begin("another")
    all_.check("visitor", old)
    new = all_.begin("visitor")
    with pytest.raises(Overtaken):
        all_.check("visitor", old)
    all_.check("visitor", new)
    all_.check("another", other)  # nobody else is overtaken


def test_who_leaves_wants_nothing_any_more():
    all_ = Requests()
    number = all_.begin("visitor")
    all_.forget("visitor")
    with pytest.raises(Overtaken):
        all_.check("visitor", number)
    all_.forget("nobody")


def test_only_so_many_visitors_are_remembered(monkeypatch):
    monkeypatch.setattr(limits, "VISITORS", 3)
    all_ = Requests()
    numbers = [all_.begin(str(visitor)) for visitor in range(5)]
    assert len(all_._numbers) == 3
    all_.check("4", numbers[4])
    with pytest.raises(Overtaken):
        all_.check("1", numbers[1])


def test_an_event_ends_when_its_client_has_left(monkeypatch):
    check_wanted()  # outside of an event
    monkeypatch.setattr(requests, "event_is_wanted", lambda: False)
    with pytest.raises(Overtaken):
        check_wanted()
