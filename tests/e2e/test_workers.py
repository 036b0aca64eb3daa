"""Several workers found through Redis: what callers notice when Redis dies, or workers are told to
go."""
import json
import shutil

import pytest

import cluster
import parley

WANTED = "".join(parley.words(cluster.SENTENCE))

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here")


# A voice that is hardly faster than it is heard, so that whoever speaks is at work all the time.
SLOW = 'rtf = "0.9"\n'


@pytest.fixture
def two_workers():
    running = cluster.Cluster(voice=SLOW, worker_settings=["--set", "worker.drain_ms=20000"])
    yield running
    running.stop()


def test_a_drain_cuts_no_call_and_new_ones_go_elsewhere(two_workers):
    reply = cluster.Reply(two_workers)
    reply.wait_for_ms(500)
    name = two_workers.busy()[0]
    drained = two_workers.run("workers", "drain", name)
    assert drained.returncode == 0, drained.stderr
    assert reply.end().status == "completed"
    assert reply.letters() == WANTED
    assert reply.gap_ms() < 200
    shown = {worker["name"]: worker["state"] for worker in two_workers.view()["workers"]}
    assert shown[name] == "draining"
    for _ in range(2):
        other = cluster.Reply(two_workers)
        other.wait_for_ms(200)
        assert two_workers.busy() == [worker for worker in two_workers.workers if worker != name]
        assert other.end().letters() == WANTED


def test_a_worker_that_is_told_to_go_finishes_what_it_says(two_workers):
    reply = cluster.Reply(two_workers)
    reply.wait_for_ms(500)
    name = two_workers.busy()[0]
    two_workers.workers[name].process.terminate()
    assert reply.end().letters() == WANTED
    assert two_workers.workers[name].process.wait(20) == 0


def test_without_redis_calls_go_on_and_the_view_is_repaired(two_workers):
    two_workers.redis.kill()
    parley.wait_for(lambda: two_workers.view()["stale"], 10, "the view is marked stale")
    assert two_workers.ready() == {"w1", "w2"}
    assert cluster.Reply(two_workers).end().letters() == WANTED
    (two_workers.dir / "redis.sock").unlink(missing_ok=True)
    two_workers.redis.start()
    parley.wait_for(lambda: not two_workers.view()["stale"], 10, "the view is fresh")
    parley.wait_for(lambda: len(two_workers.keys()) == 5, 10, "both workers stand in Redis again")
    assert two_workers.ready() == {"w1", "w2"}


def test_workers_are_listed_for_people_and_for_programs(two_workers):
    shown = two_workers.run("workers")
    assert shown.returncode == 0 and "w1" in shown.stdout and "tone 0/" in shown.stdout
    listed = json.loads(two_workers.run("workers", "--json").stdout)
    assert {worker["name"] for worker in listed["workers"]} == {"w1", "w2"}
    unknown = two_workers.run("workers", "drain", "nobody")
    assert unknown.returncode == 3 and "w1, w2" in unknown.stderr


def test_a_worker_keeps_the_contract():
    running = cluster.Cluster(workers=1, voice='rtf = "0.02"\n')
    try:
        checked = running.run("worker", "check", f"unix:{running.dir}/w1.sock", "--json",
                              timeout_s=120)
        report = json.loads(checked.stdout)
        assert report["passed"], [one for one in report["checks"] if one["outcome"] == "failed"]
        assert checked.returncode == 0 and len(report["checks"]) >= 20
    finally:
        running.stop()
