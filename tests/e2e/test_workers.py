"""Several workers found through Redis: what callers notice when workers, Redis or gateways die,
hang, or are told to go. PARLEY_CHAOS_ROUNDS makes the rounds more than CI's few, PARLEY_CHAOS_SEED
makes them others, and PARLEY_CHAOS_REPORT names a file that gets a line of JSON for each reply."""
import json
import os
import random
import signal

import pytest

import cluster
import parley

ROUNDS = int(os.environ.get("PARLEY_CHAOS_ROUNDS", "3"))
SEED = int(os.environ.get("PARLEY_CHAOS_SEED", "1"))
REPORT = os.environ.get("PARLEY_CHAOS_REPORT")
WANTED = "".join(parley.words(cluster.SENTENCE))


# A voice that is hardly faster than it is heard, so that whoever speaks is at work all the time.
SLOW = 'rtf = "0.9"\n'


@pytest.fixture
def two_workers():
    running = cluster.Cluster(voice=SLOW, worker_settings=["--set", "worker.drain_ms=20000"])
    yield running
    running.stop()


def interrupt(running, harm, rounds, mend):
    """Speaks, does harm to who speaks in mid-sentence, and tells how it was heard."""
    chance = random.Random(SEED)
    gaps = []
    for _ in range(rounds):
        reply = cluster.Reply(running)
        reply.wait_for_ms(chance.uniform(400, 2_500))
        victims = running.busy()
        assert victims, f"nobody speaks\n{running.logs()}"
        harm(running.workers[victims[0]])
        reply.end()
        assert reply.status == "completed", f"{reply.status}\n{running.logs()}"
        assert reply.begun_again() in (0, 1), f"{reply.letters()}\n{running.logs()}"
        gaps.append(reply.gap_ms())
        mend(running.workers[victims[0]])
        parley.wait_for(lambda: running.ready() == set(running.workers), 30, "both ready again")
    gaps.sort()
    print(f"gaps ms: median {gaps[len(gaps) // 2]:.0f}, p95 {gaps[int(len(gaps) * 0.95)]:.0f}, "
          f"most {gaps[-1]:.0f}, of {rounds}")
    return gaps


def note(round_number, victim, reply, spoken_ms, was_hit):
    if REPORT:
        with open(REPORT, "a") as report:
            json.dump({"round": round_number, "seed": SEED, "victim": victim, "hit": was_hit,
                       "killed_at_ms": round(spoken_ms), "gap_ms": round(reply.gap_ms()),
                       "words_begun_again": reply.begun_again(), "status": reply.status}, report)
            report.write("\n")


def test_a_reply_survives_the_death_of_the_worker_that_speaks_it():
    """Three workers, two gateways, a reply on each: who speaks the first is killed in mid-sentence.
    Its replies lose and repeat no word, and those of others notice nothing."""
    running = cluster.Cluster(workers=3, gateways=2, voice=SLOW)
    chance = random.Random(SEED)
    gaps = []
    try:
        for round_number in range(ROUNDS):
            replies = [cluster.Reply(running, gateway=number) for number in range(2)]
            replies[0].wait_for_ms(chance.uniform(400, 2_500))
            speakers = [running.busy(number) for number in range(2)]
            assert speakers[0], f"nobody speaks\n{running.logs()}"
            victim = speakers[0][0]
            spoken_ms = [reply.heard_ms() for reply in replies]
            running.workers[victim].kill()
            for number, reply in enumerate(replies):
                reply.end()
                was_hit = victim in speakers[number]
                note(round_number, victim, reply, spoken_ms[number], was_hit)
                assert reply.status == "completed", running.logs()
                assert reply.begun_again() in ((0, 1) if was_hit else (0,)), (
                    f"{reply.letters()}\n{running.logs()}")
                if was_hit:
                    gaps.append(reply.gap_ms())
            running.workers[victim].start()
            for number in range(2):
                parley.wait_for(lambda n=number: running.ready(n) == set(running.workers), 30,
                                "all ready again")
    finally:
        running.stop()
    gaps.sort()
    print(f"gaps ms: median {gaps[len(gaps) // 2]:.0f}, p95 {gaps[int(len(gaps) * 0.95)]:.0f}, "
          f"most {gaps[-1]:.0f}, of {len(gaps)}")
    assert gaps[int(len(gaps) * 0.95)] <= 500


def test_a_reply_survives_a_worker_that_hangs(two_workers):
    # The pace of the voice must be known before a hang can be told from slowness.
    cluster.Reply(two_workers).end()

    def mend(worker):
        worker.signal(signal.SIGCONT)

    gaps = interrupt(two_workers, lambda worker: worker.signal(signal.SIGSTOP), ROUNDS, mend)
    assert gaps[-1] <= 3_000


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


def test_chaos_leaves_nothing_behind():
    """Three workers, two gateways, Redis: each is killed or stopped in turn while callers listen."""
    running = cluster.Cluster(workers=3, gateways=2, voice=SLOW)
    chance = random.Random(SEED + 1)
    try:
        for round_number in range(ROUNDS):
            replies = [cluster.Reply(running, gateway=number % 2) for number in range(4)]
            for reply in replies:
                reply.wait_for_ms(chance.uniform(200, 800))
            victim = running.workers[f"w{round_number % 3 + 1}"]
            if round_number % 3 == 2:
                running.redis.kill()
            if round_number % 2 == 0:
                victim.kill()
            else:
                victim.signal(signal.SIGSTOP)
            for reply in replies:
                reply.end()
                assert reply.events.count("response.done") == 1
                assert reply.status == "completed", running.logs()
                assert reply.begun_again() in (0, 1), f"{reply.letters()}\n{running.logs()}"
            if victim.alive():
                victim.signal(signal.SIGCONT)
            else:
                victim.start()
            if not running.redis.alive():
                (running.dir / "redis.sock").unlink(missing_ok=True)
                running.redis.start()
            for number in range(2):
                parley.wait_for(lambda n=number: running.ready(n) == set(running.workers), 30,
                                f"all ready again\n{running.logs()[-2000:]}")
        for number in range(2):
            parley.wait_for(lambda n=number: not running.busy(n), 10, "no stream is left")
        for worker in running.workers.values():
            assert worker.stop() == 0
        parley.wait_for(lambda: not running.keys(), 10, f"no key is left: {running.keys()}")
    finally:
        running.stop()
