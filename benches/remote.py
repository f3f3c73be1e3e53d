#!/usr/bin/env python3
"""Measures lifeboat beside restic and rustic on one object store, with and without latency.

    python3 benches/remote.py --work DIR --lifeboat target/release/lifeboat --weed PATH [--delay 50] [--rounds 3]

A real SeaweedFS serves S3 on loopback. All tools talk to it through the same proxy, which adds half of `--delay`
milliseconds to each direction; a delay of 0 is measured too, without the proxy. The tools take turns. Per tool: a first
backup, a backup of the same tree with the cache as it is and with none, and a restore, which is compared with the source.
`parallel copy` is the limit: rclone with 16 transfers, PUT and GET of 32 MiB objects of as many bytes. Tables show medians
and, for the peers, the median over the rounds of peer / lifeboat.

The proxy tells requests, the longest chain of them of which each began after the one before had been answered (round
trips that no parallelism hides; a new connection counts as one), and, of a restore, GETs of packs and how many packs
they touched. `--mode counts` measures those alone, of lifeboat alone, on small sources: they do not depend on how busy
the machine is. `--mode replicas` backs up to three replicas and restores from them while one is killed, stalls at a byte
a second, or returns damage, each in turn.
"""

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import compare

KEY, SECRET, BUCKET = "lifeboatbench", "lifeboatbenchsecret", "bench"
REQUEST = re.compile(rb"^(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP/1\.1\r\n")
PACK = re.compile(r"/packs/[0-9a-f]{2}/[0-9a-f]{32}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_sources(work):
    """One 4 GiB file, half of it compressible, and 100,000 files of some KiB.

    Nothing else is written beside them, for a directory above a source that changes is a change too.
    """
    big, small = work / "sources/file", work / "sources/small"
    if not (big / "data").exists():
        big.mkdir(parents=True, exist_ok=True)
        with open(big / "part", "wb") as out:
            generator = random.Random(7)
            for _ in range(4096):
                half = generator.randbytes(1 << 19)
                out.write(half + half.hex().encode()[: 1 << 19])
        os.rename(big / "part", big / "data")
    if not small.exists():
        part = work / "sources/part"
        shutil.rmtree(part, ignore_errors=True)
        generator = random.Random(8)
        for number in range(100_000):
            folder = part / f"{number // 1000:03}"
            folder.mkdir(parents=True, exist_ok=True)
            size = int(min(generator.lognormvariate(7.5, 1.5), 1 << 18))
            (folder / f"{number}").write_bytes(generator.randbytes(size // 2).hex().encode())
        os.rename(part, small)
    return {"one 4 GiB file": big, "100,000 small files": small}


def abort(one):
    """Ends a connection whatever is still on its way."""
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Proxy:
    """Forwards TCP with a delay in each direction, or badly; notes HTTP requests that begin a segment."""

    def __init__(self, port, delay_ms=0.0):
        self.target, self.delay, self.port = port, delay_ms / 2000, free_port()
        self.mode, self.open, self.log, self.tasks = "healthy", set(), [], set()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(ready,), daemon=True).start()
        ready.wait()

    def serve(self, ready):
        asyncio.set_event_loop(self.loop)
        listener = socket.create_server(("127.0.0.1", self.port), backlog=256)
        listener.setblocking(False)
        self.loop.create_task(self.accept(listener))
        self.loop.call_soon(ready.set)
        self.loop.run_forever()

    async def accept(self, listener):
        while True:
            near, _ = await self.loop.sock_accept(listener)
            task = self.loop.create_task(self.connection(near))
            # The loop itself holds its tasks weakly.
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    def set_mode(self, mode):
        """healthy, killed, stalled, or damaging."""
        self.mode = mode
        if mode == "killed":
            self.loop.call_soon_threadsafe(lambda: [abort(one) for one in self.open])

    async def connection(self, near):
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.mode == "killed":
            abort(near)
            near.close()
            return
        began = self.loop.time()
        # A connection costs a round trip before its first request, as TCP's handshake does.
        await asyncio.sleep(2 * self.delay)
        far = socket.socket()
        far.setblocking(False)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open |= {near, far}
        last = None

        def asked(data):
            nonlocal last
            found = REQUEST.match(data)
            if found:
                last = [found[1].decode(), found[2].decode(), self.loop.time(), self.loop.time()]
                self.log.append(last)

        def answered():
            if last:
                last[3] = self.loop.time()

        try:
            await self.loop.sock_connect(far, ("127.0.0.1", self.target))
            if self.delay:
                self.log.append(["CONNECT", "", began, self.loop.time()])
            await asyncio.gather(
                self.pump(near, far, asked, None), self.pump(far, near, None, answered), return_exceptions=True
            )
        except OSError:
            pass
        finally:
            self.open -= {near, far}
            near.close()
            far.close()

    async def pump(self, source, sink, asked, answered):
        # Bytes leave `delay` after they came, in order; up to 16 MiB are on the way. Sockets without the
        # streams around them, whose copying would be most of what the proxy costs.
        queue = asyncio.Queue(64)

        async def drain():
            while True:
                due, data = await queue.get()
                wait = due - self.loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                if not data:
                    break
                if answered:
                    answered()
                    await self.deliver(sink, data)
                else:
                    await self.loop.sock_sendall(sink, data)
            sink.shutdown(socket.SHUT_WR)

        async def fill():
            while True:
                data = await self.loop.sock_recv(source, 1 << 18)
                if asked:
                    asked(data)
                await queue.put((self.loop.time() + self.delay, data))
                if not data:
                    return

        both = [asyncio.ensure_future(drain()), asyncio.ensure_future(fill())]
        try:
            # An end that takes no more may still have an answer: the other direction goes on.
            await asyncio.gather(*both)
        finally:
            for one in both:
                one.cancel()

    async def deliver(self, sink, data):
        """Sends an answer, or what the mode makes of it."""
        if self.mode == "damaging" and len(data) > 1 << 14 and not data.startswith(b"HTTP/"):
            damaged = bytearray(data)
            damaged[len(damaged) // 2] ^= 1
            data = bytes(damaged)
        while data and self.mode == "stalled":
            await self.loop.sock_sendall(sink, data[:1])
            data = data[1:]
            await asyncio.sleep(1)
        await self.loop.sock_sendall(sink, data)

    def take(self):
        """What was asked since the last time: requests, round trips in a row, GETs of packs, packs touched."""
        log, self.log = self.log, []
        chain, end = 0, 0.0
        for entry in sorted(log, key=lambda entry: entry[3]):
            if entry[2] >= end:
                chain, end = chain + 1, entry[3]
        packs = [PACK.search(path)[0] for method, path, *_ in log if method == "GET" and PACK.search(path)]
        return {
            "requests": sum(entry[0] != "CONNECT" for entry in log),
            "round_trips": chain,
            "pack_gets": len(packs),
            "packs": len(set(packs)),
            "log": [f"{entry[2] - log[0][2]:.3f} {entry[3] - log[0][2]:.3f} {entry[0]} {entry[1]}" for entry in log],
        }


class Weed:
    """A SeaweedFS of this run's own."""

    def __init__(self, program, area):
        shutil.rmtree(area, ignore_errors=True)
        (area / "data").mkdir(parents=True)
        identity = {"name": "bench", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        (area / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.port = free_port()
        ports = [f"-{part}={free_port()}" for part in ("master.port", "volume.port", "filer.port")]
        grpc = [f"-{part}={free_port()}" for part in ("master.port.grpc", "volume.port.grpc", "filer.port.grpc")]
        command = [program, "server", f"-dir={area / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *ports, *grpc,
                   "-volume.max=100", "-master.volumeSizeLimitMB=1024", "-s3", f"-s3.port={self.port}", f"-s3.port.grpc={free_port()}",
                   "-s3.port.iceberg=0", "-s3.port.lance=0", f"-s3.config={area / 's3.json'}"]  # fmt: skip
        self.child = subprocess.Popen(list(map(str, command)), stdout=open(area / "log", "wb"), stderr=subprocess.STDOUT)
        for _ in range(240):
            time.sleep(0.5)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    time.sleep(3)
                    return
            if self.child.poll() is not None:
                break
        sys.exit(f"SeaweedFS does not start; see {area / 'log'}")

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(60)


class Remote:
    """A tool with a repository on the object store."""

    def __init__(self, name, program, area, port):
        self.name, self.program, self.area, self.endpoint = name, program, area, f"http://127.0.0.1:{port}"
        shutil.rmtree(area, ignore_errors=True)
        area.mkdir(parents=True)
        self.prefix = f"{name}-{time.monotonic_ns()}"
        self.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(area / "home"),
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "us-east-1",
            "RESTIC_PASSWORD": "bench", "RUSTIC_PASSWORD": "bench", "RUSTIC_CACHE_DIR": str(area / "cache"),
            "LIFEBOAT_PASSPHRASE": "bench", "LIFEBOAT_CACHE_DIR": str(area / "cache"), "LIFEBOAT_STATE_DIR": str(area / "state"),
            "XDG_CACHE_HOME": str(area / "cache"),
        }  # fmt: skip

    def command(self, what, source, target):
        if self.name == "lifeboat":
            where = ["--repo", f"s3://{BUCKET}/{self.prefix}?endpoint={self.endpoint}&path-style=true&region=us-east-1"]
            words = {"init": ["init"], "backup": ["backup", source], "restore": ["restore", "latest", "--target", target]}
        elif self.name == "restic":
            where = ["-r", f"s3:{self.endpoint}/{BUCKET}/{self.prefix}", "--cache-dir", self.area / "cache"]
            words = {"init": ["init"], "backup": ["backup", source], "restore": ["restore", "latest", "--target", target]}
        else:
            where = ["-r", "opendal:s3", "--no-progress"]
            for option, value in {"bucket": BUCKET, "root": "/" + self.prefix, "endpoint": self.endpoint, "region": "us-east-1"}.items():
                self.environment[f"RUSTIC_REPO_OPT_{option.upper()}"] = value
            words = {"init": ["init"], "backup": ["backup", source], "restore": ["restore", "latest", target]}
        return [self.program, words[what][0], *where, *words[what][1:]]

    def run(self, what, log, source=None, target=None):
        return compare.measure(self.command(what, source, target), log, self.environment)


def rclone(port, source, area, log):
    """Seconds to put and to get the bytes of `source` as 32 MiB objects, 16 at a time."""
    objects = area / "objects"
    shutil.rmtree(objects, ignore_errors=True)
    objects.mkdir(parents=True)
    with open(source / "data", "rb") as data:
        number = 0
        while block := data.read(32 << 20):
            (objects / f"{number:04}").write_bytes(block)
            number += 1
    remote = f":s3,provider=SeaweedFS,access_key_id={KEY},secret_access_key={SECRET},endpoint='http://127.0.0.1:{port}':{BUCKET}/rclone"
    flags = ["--transfers", "16", "--s3-upload-cutoff", "64M", "--ignore-times", "--s3-no-check-bucket"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(area)}
    put = compare.measure(["rclone", "copy", objects, remote, *flags], log, environment)
    get = compare.measure(["rclone", "copy", remote, area / "back", *flags], log, environment)
    shutil.rmtree(area / "back")
    return {"put": put, "get": get}


def one_round(options, tools, port, proxy, source, results, log):
    for name, program in tools.items():
        tool = Remote(name, program, options.work / "remote/run" / name, port)
        tool.run("init", log)
        row = {}
        steps = {"first": None, "no change, warm": None, "no change, cold": "cache"}
        for step, forget in steps.items():
            if forget:
                shutil.rmtree(tool.area / "cache", ignore_errors=True)
            if proxy:
                proxy.take()
            row[step] = tool.run("backup", log, source=source)
            row[step] |= proxy.take() if proxy else {}
        target = tool.area / "out"
        row["restore"] = tool.run("restore", log, target=target)
        row["restore"] |= proxy.take() if proxy else {}
        found = target / source.relative_to("/")
        found = found if found.exists() else next(target.rglob(source.name), target)
        if subprocess.run(["diff", "-r", source, found], stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"{name} did not restore {source} as it was")
        shutil.rmtree(target)
        results.setdefault(name, []).append(row)
        print(f"  {name}: " + ", ".join(f"{step} {value['seconds']:.1f} s" for step, value in row.items()), flush=True)


def table(results):
    own = results["lifeboat"]
    for step in own[0]:
        cells = []
        for name, rows in results.items():
            median = lambda key: statistics.median(row[step][key] for row in rows)
            cell = f"{name} {median('seconds'):.2f} s, CPU {median('cpu_seconds'):.2f} s"
            if "requests" in rows[0][step]:
                cell += f", {median('requests'):.0f} requests, {median('round_trips'):.0f} in a row"
            if rows[0][step].get("pack_gets"):
                cell += f", {median('pack_gets'):.0f} GETs of {median('packs'):.0f} packs"
            if name != "lifeboat":
                ratio = statistics.median(row[step]["seconds"] / mine[step]["seconds"] for row, mine in zip(rows, own))
                cell += f" (x{ratio:.2f})"
            cells.append(cell)
        print(f"  {step}: " + "; ".join(cells))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--lifeboat", type=Path, required=True)
    parser.add_argument("--weed", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=50)
    parser.add_argument("--only-delayed", action="store_true", help="leave out the rounds without a delay")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tool", default="lifeboat,restic,rustic")
    parser.add_argument("--source", default="file,small")
    parser.add_argument("--mode", choices=["compare", "counts", "replicas"], default="compare")
    parser.add_argument("--small", action="store_true", help="256 MiB and 2,000 files instead of 4 GiB and 100,000")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.work = options.work.absolute()
    log = options.work / "remote/log"
    if options.mode != "compare":
        return small_scale(options, log)
    sources = make_small_sources(options.work) if options.small else make_sources(options.work)
    wanted = [name for name, word in zip(sources, ("file", "small")) if word in options.source.split(",")]
    sources = {name: sources[name] for name in wanted}
    wanted = options.tool.split(",")
    programs = {"lifeboat": options.lifeboat.absolute()}
    tools = {name: programs.get(name) or compare.install(name, options.work) for name in wanted}
    weed = Weed(options.weed, options.work / "remote/weed")
    everything = {}
    try:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        remote = f":s3,provider=SeaweedFS,access_key_id={KEY},secret_access_key={SECRET},endpoint='http://127.0.0.1:{weed.port}':{BUCKET}"
        subprocess.run(["rclone", "mkdir", remote], check=True, env=environment)
        for delay in dict.fromkeys([options.delay] if options.only_delayed else [0, options.delay]):
            proxy = Proxy(weed.port, delay) if delay else None
            port = proxy.port if proxy else weed.port
            for name, source in sources.items():
                print(f"{name}, {delay:g} ms", flush=True)
                results = everything.setdefault(f"{name}, {delay:g} ms", {})
                for _ in range(options.rounds):
                    one_round(options, tools, port, proxy, source, results, log)
                table(results)
                if (source / "data").exists():
                    copies = [rclone(port, source, options.work / "remote/rclone", log) for _ in range(options.rounds)]
                    everything[f"rclone, {delay:g} ms"] = copies
                    for step in ("put", "get"):
                        print(f"  parallel copy, {step}: {statistics.median(copy[step]['seconds'] for copy in copies):.2f} s")
    finally:
        weed.stop()
        if options.json:
            options.json.write_text(json.dumps(everything, indent=1))


def make_small_sources(work):
    """A file of 256 MiB, and 2,000 small ones."""
    file, many = work / "sources/counts-file", work / "sources/counts-many"
    if not many.exists():
        shutil.rmtree(file, ignore_errors=True)
        part = work / "sources/counts-part"
        shutil.rmtree(part, ignore_errors=True)
        generator = random.Random(9)
        file.mkdir(parents=True)
        (file / "data").write_bytes(b"".join(generator.randbytes(1 << 20) for _ in range(256)))
        for number in range(2000):
            folder = part / f"{number // 100:03}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}").write_bytes(generator.randbytes(int(generator.lognormvariate(9, 1.5)) % (1 << 20)))
        os.rename(part, many)
    return {"one file of 256 MiB": file, "2,000 files": many}


def small_scale(options, log):
    """What does not depend on how busy the machine is."""
    sources = make_small_sources(options.work)
    weed = Weed(options.weed, options.work / "remote/weed")
    everything = {}
    try:
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        remote = f":s3,provider=SeaweedFS,access_key_id={KEY},secret_access_key={SECRET},endpoint='http://127.0.0.1:{weed.port}':{BUCKET}"
        subprocess.run(["rclone", "mkdir", remote], check=True, env=environment)
        for name, source in sources.items():
            print(name, flush=True)
            results = everything.setdefault(name, {})
            if options.mode == "counts":
                proxy = Proxy(weed.port, options.delay)
                one_round(options, {"lifeboat": options.lifeboat.absolute()}, proxy.port, proxy, source, results, log)
                table(results)
            else:
                for _ in range(options.rounds):
                    replicas(options, weed.port, source, results, log)
                for step, rows in results.items():
                    times = [f"{what} {statistics.median(row[what] for row in rows):.1f} s" for what in ("backup", "restore")]
                    print(f"  {step}: {', '.join(times)}", flush=True)
    finally:
        weed.stop()
        if options.json:
            options.json.write_text(json.dumps(everything, indent=1))


def replicas(options, port, source, results, log):
    """A backup to three replicas, and a restore, each with one of them in trouble half a second after it began."""
    for number, trouble in enumerate(["healthy", "killed", "stalled", "damaging"]):
        proxies = [Proxy(port) for _ in range(3)]
        tool = Remote("lifeboat", options.lifeboat.absolute(), options.work / "remote/run/replicas", port)
        place = lambda proxy, n: f"s3://{BUCKET}/{tool.prefix}-{n}?endpoint=http://127.0.0.1:{proxy.port}&path-style=true&region=us-east-1"
        lines = [f"[repository.main]", f'url = "{place(proxies[0], 0)}"']
        for n in (1, 2):
            lines += ["[[repository.main.replica]]", f'name = "r{n}"', f'url = "{place(proxies[n], n)}"']
        (tool.area / "lifeboat.toml").write_text("\n".join(lines) + "\n")
        tool.environment |= {"LIFEBOAT_CONFIG": str(tool.area / "lifeboat.toml")}
        # Each of them in its turn, the leader among them.
        ill = proxies[number % 3]
        run = lambda *words: under_trouble([tool.program, *words], ill, trouble, log, tool.environment)
        compare.measure([tool.program, "init"], log, tool.environment)
        row = {"backup": run("backup", source)}
        ill.set_mode("healthy")
        compare.measure([tool.program, "replica", "sync"], log, tool.environment)
        target = tool.area / "out"
        row["restore"] = run("restore", "latest", "--target", target)
        ill.set_mode("healthy")
        if subprocess.run(["diff", "-r", source, target / source.relative_to("/")], stdout=subprocess.DEVNULL).returncode:
            sys.exit(f"with a replica {trouble}, {source} was not restored as it was")
        shutil.rmtree(target)
        results.setdefault(f"one {trouble}" if trouble != "healthy" else trouble, []).append(row)


def under_trouble(command, ill, trouble, log, environment):
    """Seconds of a command during which a replica falls ill; it must succeed, degraded at worst."""
    with open(log, "ab") as output:
        start = time.monotonic()
        child = subprocess.Popen(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        threading.Timer(0.5, lambda: ill.set_mode(trouble)).start()
        status = child.wait(1800)
        seconds = time.monotonic() - start
    # 6: degraded, and safe.
    if status not in (0, 6):
        sys.exit(f"exit status {status} from {' '.join(map(str, command))} with a replica {trouble}; see {log}")
    return seconds


if __name__ == "__main__":
    main()
