"""`make bench`: measure Madang beside its peers and write the table. See `--help`."""

import argparse
import shutil
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import load, report, scale
from bench.peers import PEERS, NotInstallable, NotStarted, Peer, Site
from bench.proc import GATEWAY_CORE, LOAD_CORE, Running, start, wait_for
from bench.upstream import nginx_upstream

_ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Run:
    """One benchmark run: its upstreams, its peers, its figures."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.site = Site(folder, free_port(), free_port())
        self.results: dict[str, dict[str, Any]] = {}
        self.notes: list[str] = []

    def go(self) -> None:
        """Everything, in order."""
        upstreams = self._start_upstreams()
        try:
            peers = [peer for peer in PEERS if peer.name in self.options.peers]
            ready = [peer for peer in peers if self._install(peer)]
            self._direct()
            self._rounds(ready)
            for peer in ready:
                self._crowd(peer)
            if any(peer.name == "madang" for peer in ready):
                self.results["madang"] |= scale.measure(self.site, self.options.seconds)
        finally:
            for upstream in upstreams:
                upstream.stop()

    def _start_upstreams(self) -> list[Running]:
        folder = self.site.folder
        config = folder / "upstream.conf"
        config.write_text(nginx_upstream(self.site.whole_port, folder))
        if not shutil.which("nginx"):
            raise SystemExit(
                "nginx is needed as the upstream (Debian: apt-get install nginx-light)"
            )
        command = ["nginx", "-c", str(config), "-e", str(folder / "upstream.err")]
        streaming = [sys.executable, "-m", "bench.upstream", str(self.site.streaming_port)]
        running = [
            start("upstream", command, folder / "upstream.log", LOAD_CORE),
            start("streaming upstream", streaming, folder / "streaming.log", LOAD_CORE),
        ]
        wait_for(f"http://127.0.0.1:{self.site.whole_port}/v1/models", b"", {}, 10)
        return running

    def _install(self, peer: Peer) -> bool:
        try:
            version = peer.install()
        except NotInstallable as problem:
            self.notes.append(f"{peer.name} could not be installed: {problem}")
            print(f"{peer.name}: not installable: {problem}", file=sys.stderr)
            return False
        distributions, size_mb = peer.installed()
        self.results[peer.name] = {
            "version": version,
            "distributions": distributions,
            "size_mb": size_mb,
        }
        return True

    def _start(self, peer: Peer) -> tuple[Running, int]:
        port = free_port()
        log = self.site.folder / f"{peer.name}.log"
        running = start(peer.name, peer.command(self.site, port), log, GATEWAY_CORE, peer.environ)
        body = load.json.dumps(load.chat_body(peer.model)).encode()
        url = f"http://127.0.0.1:{port}{peer.paths['whole']}"
        try:
            took = wait_for(url, body, peer.headers(self.site, False), peer.start_timeout_s)
        except TimeoutError as problem:
            running.stop()
            raise NotStarted(f"{problem}; its log ends: {log.read_text()[-500:]}") from None
        self.results[peer.name].setdefault("start_s", round(took, 3))
        return running, port

    def _direct(self) -> None:
        """The upstream without any gateway: what one connection costs by itself."""
        running = Running("direct", _Self(), Path("/dev/null"))
        url = f"http://127.0.0.1:{self.site.whole_port}/v1/chat/completions"
        shot = load.whole(running, url, load.chat_body("gpt-4.1"), {}, 1, 2, self.site.folder)
        self.direct_ms = shot.p50_ms

    def _rounds(self, peers: list[Peer]) -> None:
        """Interleaved rounds; every figure is the median over the rounds."""
        shots: dict[str, dict[str, list[Any]]] = {peer.name: {} for peer in peers}
        for number in range(self.options.rounds):
            for peer in tuple(peers):
                print(f"round {number + 1}: {peer.name}", file=sys.stderr)
                try:
                    running, port = self._start(peer)
                except NotStarted as problem:
                    self._give_up(peer, peers, problem)
                    continue
                try:
                    self.results[peer.name].setdefault(
                        "idle_memory_mb", round(running.memory_mb(), 1)
                    )
                    self._cells(peer, running, port, shots[peer.name])
                finally:
                    running.stop()
        for name, figures in shots.items():
            for field, values in figures.items():
                self.results[name][field] = statistics.median(values)

    def _give_up(self, peer: Peer, peers: list[Peer], problem: NotStarted) -> None:
        """A peer that does not answer is reported, and the others are measured."""
        self.notes.append(f"{peer.name} did not start: {problem}")
        print(f"{peer.name}: {problem}", file=sys.stderr)
        peers.remove(peer)

    def _cells(
        self, peer: Peer, running: Running, port: int, figures: dict[str, list[Any]]
    ) -> None:
        base = f"http://127.0.0.1:{port}"
        headers = peer.headers(self.site, False)
        seconds, folder = self.options.seconds, self.site.folder

        def note(**values: float) -> None:
            for field, value in values.items():
                figures.setdefault(field, []).append(value)

        url = base + peer.paths["whole"]
        body = load.chat_body(peer.model)
        load.whole(running, url, body, headers, 64, 1, folder)  # warm up
        shot = load.whole(running, url, body, headers, 64, seconds, folder)
        note(whole_rps=shot.rps, whole_p50_ms=shot.p50_ms, whole_p99_ms=shot.p99_ms)
        note(whole_cpu_us=shot.cpu_us, whole_errors=shot.errors)
        alone = load.whole(running, url, body, headers, 1, 2, folder)
        note(added_ms=max(0.0, alone.p50_ms - self.direct_ms))
        if peer.routed_model:
            body = load.chat_body(peer.routed_model)
            load.whole(running, url, body, headers, 64, 1, folder)  # its latencies get known
            shot = load.whole(running, url, body, headers, 64, seconds, folder)
            note(routed_rps=shot.rps, routed_cpu_us=shot.cpu_us, routed_errors=shot.errors)
        if "translated" in peer.paths:
            given = {**headers, "anthropic-version": "2023-06-01"}
            url = base + peer.paths["translated"]
            shot = load.whole(
                running, url, load.messages_body(peer.model), given, 64, seconds, folder
            )
            note(
                translated_rps=shot.rps,
                translated_cpu_us=shot.cpu_us,
                translated_errors=shot.errors,
            )
        if "stream" in peer.paths:
            slow = peer.name in {"litellm", "portkey"}
            crowd = load.Crowd(20, 100, 20, 0.5) if slow else load.Crowd(200, 200, 20, 0.5)
            if peer.books:
                note(put_off_cpu_s=load.settle(running, base + peer.books, headers))
            for field, door in self._doors(peer, port).items():
                flow = load.streams(running, door, crowd)
                if flow.whole == flow.streams:
                    note(**{field: flow.cpu_us_per_event})
                else:
                    broken = f"{flow.whole} of {flow.streams} streams were whole"
                    self.notes.append(f"{peer.name}: {broken} ({door.path})")

    def _doors(self, peer: Peer, port: int) -> dict[str, load.Door]:
        """Where a peer takes streams, by the figure that comes of it."""
        headers = peer.headers(self.site, True)
        doors = {"stream_cpu_us": load.Door(port, peer.paths["stream"], peer.stream_model, headers)}
        if "translated" in peer.paths:
            given = {**headers, "anthropic-version": "2023-06-01"}
            doors["translated_stream_cpu_us"] = load.Door(
                port, peer.paths["translated"], peer.stream_model, given, load.MESSAGES
            )
        return doors

    def _crowd(self, peer: Peer) -> None:
        """Many streams at once, slow ones: none may break or stall."""
        if "stream" not in peer.paths or peer.name not in {"madang", "nginx"}:
            return
        print(f"{self.options.streams} streams: {peer.name}", file=sys.stderr)
        running, port = self._start(peer)
        try:
            crowd = load.Crowd(self.options.streams, 20, 1000, 8)
            flow = load.streams(running, self._doors(peer, port)["stream_cpu_us"], crowd)
        finally:
            running.stop()
        self.results[peer.name] |= {
            "crowd": f"{flow.whole:,} of {flow.streams:,}",
            "crowd_silence_s": flow.longest_silence_s,
            "crowd_memory_mb": flow.memory_mb,
        }


class _Self:
    """Stands where a measured process would: the direct cell has none."""

    pid = 0


def main() -> None:
    """Parse, run, report."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--peers", nargs="+", default=[peer.name for peer in PEERS])
    parser.add_argument("--seconds", type=float, default=5, help="length of a burst")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--streams", type=int, default=5000, help="size of the crowd")
    parser.add_argument("--out", type=Path, default=_ROOT / "bench" / "results")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="madang-bench-") as folder:
        run = Run(options, Path(folder))
        run.go()
        path = report.write(options.out, run.results, run.notes)
    print(path.read_text())


if __name__ == "__main__":
    main()
