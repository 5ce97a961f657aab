"""Models kept warm, memory, limits of time, and weights that are not trusted."""

from __future__ import annotations

import threading
import time
import weakref
import zipfile
from pathlib import Path

import pytest

from tools.errors import NotAssessable
from tools.segmenters.weighted import memory
from tools.segmenters.weighted.files import UntrustedWeights, check_hash, is_torchscript, trusted
from tools.segmenters.weighted.limits import Limits, Stopped
from tools.segmenters.weighted.warm import Warm


class Network:
    """Something that takes memory."""


def test_the_second_call_finds_it_warm() -> None:
    warm, loads = Warm(free=lambda: 10**12), []

    def load() -> Network:
        loads.append(1)
        return Network()

    with warm.hold("a", load) as first:
        pass
    with warm.hold("a", load) as second:
        assert second is first
    assert len(loads) == 1


def test_the_least_recently_used_goes_first() -> None:
    warm = Warm(most=2, free=lambda: 10**12)
    for name in ("a", "b", "a", "c"):
        with warm.hold(name, Network):
            pass
    assert warm.keys == ["a", "c"]


def test_unload_frees_the_model() -> None:
    warm = Warm(free=lambda: 10**12)
    with warm.hold("a", Network) as model:
        gone = weakref.ref(model)
        assert warm.unload("a") == 0, "in use"
    del model
    assert warm.unload("a") == 1
    assert gone() is None and warm.keys == []


def test_idle_models_go_when_memory_runs_low() -> None:
    free = [100]
    warm = Warm(reserve=50, free=lambda: free[0])
    with warm.hold("a", Network):
        free[0] = 10
        assert warm.keys == ["a"], "never taken from its user"
    assert warm.keys == []


def test_room_is_made_before_loading() -> None:
    held: list[str] = []
    warm = Warm(reserve=10, free=lambda: 100 - 40 * len(warm.keys))
    for name in ("a", "b", "c"):
        with warm.hold(name, Network, size=40):
            held = list(map(str, warm.keys))
    assert held == ["b", "c"]


def test_without_room_it_is_said_and_nothing_is_loaded() -> None:
    warm = Warm(reserve=10, free=lambda: 100)
    with pytest.raises(NotAssessable, match="not enough memory"), warm.hold("a", Network, size=1000):
        pass
    assert warm.keys == []


def test_a_failed_load_leaves_nothing_behind() -> None:
    warm = Warm(free=lambda: 10**12)

    def fail() -> Network:
        raise NotAssessable("no")

    with pytest.raises(NotAssessable), warm.hold("a", fail):
        pass
    assert warm.keys == [] and warm.unload() == 0


def test_one_user_at_a_time() -> None:
    warm, inside, most = Warm(free=lambda: 10**12), [0], [0]

    def use() -> None:
        with warm.hold("a", Network):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.01)
            inside[0] -= 1

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1


def test_who_waits_too_long_stops_waiting() -> None:
    warm = Warm(free=lambda: 10**12)
    with warm.hold("a", Network):
        watch = Limits(seconds=0).start()
        with pytest.raises(Stopped), warm.hold("a", Network, check=watch.check):
            pass
        assert warm.keys == ["a"]
    assert warm.unload("a") == 1


def test_memory_that_can_be_taken_is_known() -> None:
    assert 0 < memory.available() <= memory.UNKNOWN
    assert memory.on_gpu() > 0


def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 400\ninactive_file 200\n")
    given = (tmp_path, "memory.max", "memory.current", "inactive_file")
    assert memory._container(*given) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._container(*given) == memory.UNKNOWN
    assert memory._container(tmp_path / "none", *given[1:]) == memory.UNKNOWN


def test_time_and_cancelling() -> None:
    Limits(10).start().check()
    with pytest.raises(Stopped, match="longer than 0 s"):
        watch = Limits(0).start()
        time.sleep(0.001)
        watch.check()
    with pytest.raises(Stopped, match="not wanted"):
        Limits(10, lambda: True).start().check()


def test_weights_of_another_hash_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"weights")
    check_hash(path, None)
    with pytest.raises(UntrustedWeights, match="not the file expected"):
        check_hash(path, "0" * 64)


def test_programs_run_only_from_a_persons_list(tmp_path: Path) -> None:
    path = tmp_path / "model.ts"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/code/__torch__.py", "")
        archive.writestr("model/constants.pkl", "")
    assert is_torchscript(path)
    assert trusted(tmp_path) == frozenset()
    (tmp_path / "trusted.sha256").write_text(f"# mine\n{'a' * 64}  model.ts\nnothing\n")
    assert trusted(tmp_path) == {"a" * 64}
