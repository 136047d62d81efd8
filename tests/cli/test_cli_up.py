"""`madang up`: what it prints works, also the second time; workers come and go together."""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from cli_gateway import BARE, ask, http, run, starting, up

PROVIDER = """
providers: {mine: {kind: openai, base_url: "http://127.0.0.1:1/v1", serves: all}}
models: {my-model: {targets: [mine/a]}}
"""

CHOSEN = {"MADANG_ADMIN_KEY": "chosen-by-the-operator"}
"""With it, no start shows an admin key: the first is like any later one."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("environ", [{}, CHOSEN], ids=["new admin key", "lent key"])
def test_the_printed_curl_line_works(tmp_path, environ):
    with up(tmp_path, environ=environ) as gateway:
        assert ("admin key" in gateway.said) is (not environ)
        line = gateway.said.partition("Try it:\n")[2]
        done = subprocess.run(["sh", "-c", line], env=BARE, capture_output=True, check=False)
    assert "Hello!" in json.loads(done.stdout)["choices"][0]["message"]["content"]


def test_the_key_of_a_later_start_is_ordinary_and_in_no_file(tmp_path):
    with up(tmp_path):
        """Make the admin key."""
    with up(tmp_path) as gateway:
        assert "for this run only" in gateway.said
        assert ask(gateway, gateway.key)[0] == 200
        assert http(f"{gateway.url}/api/keys", gateway.key)[0] == 403
        kept = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
        assert not any(gateway.key[8:].encode() in content for content in kept)
    with up(tmp_path) as later:
        assert later.key != gateway.key
        assert ask(later, gateway.key)[0] == 401


def test_no_key_is_lent_to_the_network(tmp_path):
    with up(tmp_path, "--host", "0.0.0.0", environ=CHOSEN) as gateway:
        assert "mdg_" not in gateway.said
        assert gateway.url.startswith("http://127.0.0.1:")
        assert f"madang key create --home {tmp_path}" in gateway.said


@pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
def test_the_unspecified_address_of_ipv6_takes_ipv4_too(tmp_path):
    with up(tmp_path, "--host", "::", environ=CHOSEN) as gateway:
        port = gateway.url.rpartition(":")[2]
        for host in ("[::1]", "127.0.0.1"):
            assert http(f"http://{host}:{port}/healthz")[0] == 200


def test_no_key_is_lent_where_requests_cost_money(tmp_path):
    (tmp_path / "madang.yaml").write_text(PROVIDER)
    with up(tmp_path, environ=CHOSEN) as gateway:
        assert "mdg_" not in gateway.said
        assert "playground" not in gateway.said
        assert '"model": "my-model"' in gateway.said
        assert http(f"{gateway.url}/v1/models", CHOSEN["MADANG_ADMIN_KEY"])[0] == 200


def test_a_port_that_is_taken_is_told_and_costs_no_admin_key(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("up", "--home", tmp_path, "--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    with up(tmp_path) as gateway:
        assert "admin key" in gateway.said


def test_an_address_that_is_not_ours_is_told_apart_from_a_port_that_is_taken(tmp_path):
    for host in ("192.0.2.1", "no.such.host.invalid"):
        done = run("up", "--home", tmp_path, "--host", host, "--port", 0)
        assert done.returncode == 1
        assert "--host" in done.stderr
        assert "--port" not in done.stderr


def test_a_second_gateway_on_a_home_is_told_that_it_counts_for_itself(tmp_path):
    with up(tmp_path, "--workers", "2") as first, up(tmp_path) as second:
        assert "another gateway serves" in next(iter(second.process.stderr))
        assert ask(second, first.key)[0] == 200
    with up(tmp_path) as third:
        third.process.terminate()
        assert "another gateway" not in third.process.communicate(timeout=20)[1]


def test_callers_are_not_bounded_by_the_soft_limit_of_open_files(tmp_path):
    """Systems give 1,024 of them; a stream takes two."""
    with contextlib.ExitStack() as callers:
        with soft_limit(128):
            gateway = callers.enter_context(up(tmp_path))
        address = gateway.url.removeprefix("http://").split(":")
        for _ in range(150):
            caller = callers.enter_context(socket.create_connection(address))
            caller.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert ask(gateway, gateway.key)[0] == 200


@contextlib.contextmanager
def soft_limit(files):
    """What is started meanwhile may open so many files, unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")


@needs_proc
def test_two_workers_take_the_lent_key_and_end_together(tmp_path):
    with up(tmp_path, "--workers", "2", environ=CHOSEN) as gateway:
        workers = set()
        until = time.monotonic() + 60
        while len(workers) < 2 and time.monotonic() < until:
            status, headers, _ = ask(gateway, gateway.key)
            assert status == 200
            workers.add(headers["x-request-id"][: len("req_123456w")])
        assert len(workers) == 2
        pids = children_of(gateway.process.pid)
        assert len(pids) == 2
        gateway.process.terminate()
        assert gateway.process.wait(10) == 0
        assert not any(map(alive, pids))


@pytest.mark.parametrize("workers", [1, 2])
def test_what_nobody_can_serve_without_ends_it_with_the_reason(tmp_path, workers):
    """Also several workers: replaced again and again, they would look as if they served."""
    (tmp_path / "madang.yaml").write_text(PROVIDER)
    (tmp_path / "journal").write_text("not a folder")
    done = run("up", "--home", tmp_path, "--port", 0, "--workers", workers)
    assert done.returncode == 1
    assert "cannot be opened: File exists." in done.stderr
    assert "Traceback" not in done.stderr


@needs_proc
def test_a_worker_that_dies_is_replaced(tmp_path):
    with up(tmp_path, "--workers", "2") as gateway:
        before = children_of(gateway.process.pid)
        os.kill(before[0], signal.SIGKILL)
        assert eventually(lambda: len(set(children_of(gateway.process.pid)) - set(before)) == 1)
        assert all(ask(gateway, gateway.key)[0] == 200 for _ in range(6))


@needs_proc
def test_workers_do_not_outlive_a_supervisor_that_was_killed(tmp_path):
    with up(tmp_path, "--workers", "2") as gateway:
        pids = children_of(gateway.process.pid)
        gateway.process.kill()
        assert eventually(lambda: not any(map(alive, pids)))


def test_one_ctrl_c_lets_an_open_stream_finish(tmp_path):
    """A terminal sends SIGINT to supervisor and workers alike, and the supervisor tells them again."""
    with up(tmp_path, "--workers", "2", start_new_session=True) as gateway:
        body = {"model": "gpt-4.1", "stream": True, "messages": [USER]}
        request = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {gateway.key}\r\n"
        with socket.create_connection(gateway.url.removeprefix("http://").split(":")) as caller:
            caller.sendall(f"{head}content-length: {len(request)}\r\n\r\n".encode() + request)
            first = caller.recv(1)
            threading.Timer(0.1, os.killpg, (gateway.process.pid, signal.SIGINT)).start()
            time.sleep(0.5)
            answer = first + b"".join(iter(lambda: caller.recv(65536), b""))
        assert b"data: [DONE]" in answer
        assert gateway.process.wait(10) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_it_drains_from_the_moment_in_which_it_says_that_it_serves(tmp_path, workers):
    process = starting(tmp_path, "--workers", workers)
    next(line for line in process.stdout if "serves on" in line)
    process.terminate()
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "open requests may finish" in log


@pytest.mark.parametrize("workers", [1, 2])
def test_a_hangup_ends_nothing(tmp_path, workers):
    with up(tmp_path, "--workers", str(workers)) as gateway:
        gateway.process.send_signal(signal.SIGHUP)
        assert "SIGHUP: nothing to do" in next(iter(gateway.process.stderr))
        assert ask(gateway, gateway.key)[0] == 200


USER = {"role": "user", "content": "count to 20000"}


def eventually(holds):
    """Whether something comes to hold within a minute."""
    until = time.monotonic() + 60
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held


def children_of(pid):
    """The processes that it started and that run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if alive(int(child))]


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
