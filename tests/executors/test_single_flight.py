from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from clew.executors.cache import Cache
from clew.metadata.blobs.local import LocalStore
from clew.metadata.digest import of_bytes

DIGEST = of_bytes(b"step")


def _cache(folder: Path) -> Cache:
    return Cache(LocalStore(folder / "blobs"), folder / "locks")


def test_a_claim_is_held_once_and_can_be_taken_after_it_is_released(tmp_path: Path) -> None:
    cache = _cache(tmp_path)
    claim = cache.claim(DIGEST)
    assert claim is not None
    assert cache.claim(DIGEST) is None
    assert _cache(tmp_path).claim(DIGEST) is None
    claim.release()
    again = cache.claim(DIGEST)
    assert again is not None
    again.release()
    assert [file.stat().st_size for file in (tmp_path / "locks").iterdir()] == [0]


def test_claims_by_the_thousand_take_one_descriptor(tmp_path: Path) -> None:
    cache, before = _cache(tmp_path), len(os.listdir("/dev/fd"))
    claims = [cache.claim(of_bytes(str(i).encode())) for i in range(3000)]
    assert all(claims)
    assert len(os.listdir("/dev/fd")) == before + 1
    assert _cache(tmp_path).claim(of_bytes(b"7")) is None
    for claim in claims:
        assert claim is not None
        claim.release()
    assert len(os.listdir("/dev/fd")) == before


def test_threads_that_wait_for_a_claim_get_it_one_at_a_time(tmp_path: Path) -> None:
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with _cache(tmp_path).claimed(DIGEST, poll_s=0.0005):
                with guard:
                    inside += 1
                    most = max(most, inside)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


_HOLDER = """
import sys, time
from pathlib import Path
from clew.executors.cache import Cache
from clew.metadata.blobs.local import LocalStore
folder = Path(sys.argv[1])
claim = Cache(LocalStore(folder / "blobs"), folder / "locks").claim(sys.argv[2])
print("held", flush=True)
time.sleep(300)
"""


def test_a_claim_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(tmp_path), DIGEST], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == "held\n"
        assert _cache(tmp_path).claim(DIGEST) is None
        holder.kill()
        holder.wait()
    deadline = time.monotonic() + 5
    while (claim := _cache(tmp_path).claim(DIGEST)) is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert claim is not None
    claim.release()
