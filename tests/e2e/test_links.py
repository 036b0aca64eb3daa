"""Slow, cut and frozen links between gateways, workers and Redis: what callers notice of a bad
network."""
import pytest

import cluster
import parley
from test_workers import SLOW, WANTED


@pytest.fixture
def linked():
    running = cluster.Cluster(voice=SLOW, links=True)
    yield running
    running.stop()


def speak_until(running, ms):
    """A reply that has been heard for so long, and the link of who speaks it."""
    reply = cluster.Reply(running)
    reply.wait_for_ms(ms)
    speakers = running.busy()
    assert speakers, f"nobody speaks\n{running.logs()}"
    return reply, speakers[0]


def both_ready(running):
    parley.wait_for(lambda: running.ready() == set(running.workers), 30,
                    lambda: f"both ready again\n{running.logs()}")


def test_a_link_that_is_late_and_narrow_delays_a_reply_and_harms_none(linked):
    for name in linked.workers:
        linked.links[name].delay_s = 0.1  # each way
        linked.links[name].bytes_per_s = 120_000  # two and a half times what speech needs
    reply = cluster.Reply(linked).end()
    assert reply.status == "completed"
    assert reply.letters() == WANTED, "a late link is no hang"
    assert reply.gap_ms() <= 300


def test_a_link_that_is_cut_in_mid_sentence_moves_the_reply(linked):
    reply, speaker = speak_until(linked, 1_000)
    linked.links[speaker].cut()
    reply.end()
    assert reply.status == "completed"
    assert reply.begun_again() in (0, 1), f"{reply.letters()}\n{linked.logs()}"
    assert reply.gap_ms() <= 500
    both_ready(linked)


def test_a_frozen_link_is_a_hang(linked):
    cluster.Reply(linked).end()  # the pace of the voice must be known
    reply, speaker = speak_until(linked, 1_000)
    linked.links[speaker].freeze()
    reply.end()
    assert reply.status == "completed"
    assert reply.begun_again() in (0, 1), f"{reply.letters()}\n{linked.logs()}"
    assert reply.gap_ms() <= 3_000
    linked.links[speaker].freeze(False)
    both_ready(linked)


def test_a_worker_that_cannot_be_reached_is_passed_over_and_taken_back(linked):
    linked.links["w1"].refuse()
    for _ in range(3):
        assert cluster.Reply(linked).end().letters() == WANTED
    linked.links["w1"].refuse(False)
    both_ready(linked)
    passed = linked.links["w1"].passed_bytes

    def used_again():
        assert cluster.Reply(linked, text="Go on.").end().letters() == WANTED
        return linked.links["w1"].passed_bytes > passed + 100_000

    parley.wait_for(used_again, 90, "a call goes to it again")


@pytest.mark.parametrize("harm", ["cut", "refuse", "freeze"])
def test_a_bad_link_to_redis_disturbs_no_call(linked, harm):
    reply, _ = speak_until(linked, 500)
    getattr(linked.links["redis"], harm)()
    assert reply.end().letters() == WANTED
    assert cluster.Reply(linked).end().letters() == WANTED, "a new call by the last view"
    if harm != "cut":
        parley.wait_for(lambda: linked.view()["stale"], 15, "the view is marked stale")
        getattr(linked.links["redis"], harm)(False)
    parley.wait_for(lambda: not linked.view()["stale"], 15, "the view is fresh")
    both_ready(linked)
