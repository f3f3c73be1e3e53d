"""Measures lifeboat beside restic, borg and rustic, on the same data in the same run.

    python3 benches/compare.py --work DIR --lifeboat target/release/lifeboat [--corpus kernel,small]

For every corpus (corpora.py makes them under DIR) the tools take turns, A B C D A B C D, so that a machine
that is slow for a while is slow for all. In one turn a tool gets a new repository and a new cache on the
local disk and does a

    first      backup of version 1 into the empty repository
    nochange   backup of the same tree once more
    second     backup of version 2 (the same path; left out where a corpus has one version)
    restore    of the latest snapshot into an empty directory

All use their defaults, except that borg is told zstd level 3, which is what restic's `auto` and rustic take
by themselves. Every command opens the repository with a passphrase, whose deliberately slow derivation is
part of the time (restic some 0.7 s, rustic and borg 0.3 s where this was written); with `--identity` lifeboat
opens it by an age identity. The page cache is warm for everyone, and `sync` runs before every clock. A result
counts only if it is right: the first restore of every tool is compared with the source, entry by entry and
byte by byte, and a difference ends the run.

Beside the tools stand limits, which do less than a backup must: reading all, copying, walking, and an archive
without deduplication or encryption. The table shows medians, and the median over the rounds of peer ÷
reference, where the reference is lifeboat, or the first tool if it is not among them: above 1, the reference
is faster or smaller. Peak memory is the largest resident set of a process of the command; CPU counts all of
them. The interpreter that starts them bounds the former from below by some 20 MB.

Peers are searched in DIR/bin and on the PATH and installed into DIR otherwise: restic by apt-get, borg by pip
in a virtual environment, rustic by cargo. `--program restic=PATH` names another. Only one computer is
measured: no network, no object store.
"""

import argparse
import json
import os
import shutil
import stat
import statistics
import subprocess
import sys
import time
from pathlib import Path

import corpora

PASSPHRASE = "correct horse battery staple"
UNITS = {"seconds": "s", "cpu_seconds": "s", "peak_bytes": "MB", "repository_bytes": "MB"}
ROWS = [
    ("first", "seconds"), ("nochange", "seconds"), ("second", "seconds"), ("restore", "seconds"),
    ("first", "repository_bytes"), ("second", "repository_bytes"),
    ("first", "peak_bytes"), ("nochange", "peak_bytes"), ("restore", "peak_bytes"),
    ("first", "cpu_seconds"), ("nochange", "cpu_seconds"), ("restore", "cpu_seconds"),
]  # fmt: skip


class Tool:
    """A backup program on one repository. `area` holds all it writes: repository, cache, home."""

    def __init__(self, program, area):
        self.program = str(program)
        self.area = area
        self.repository = area / "repository"
        self.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp",
            "HOME": str(area / "home"), "XDG_CACHE_HOME": str(area / "cache"),
            "XDG_CONFIG_HOME": str(area / "config"),
        }  # fmt: skip

    def version(self):
        answer = subprocess.run([self.program, "--version"], capture_output=True, text=True)
        if answer.returncode:
            answer = subprocess.run([self.program, "version"], capture_output=True, text=True)
        return (answer.stdout.splitlines() or ["unknown"])[0]

    def commands(self):
        """The command lines of init, of a backup and of a restore, in that order."""
        raise NotImplementedError


class Lifeboat(Tool):
    identity = False

    def commands(self, source, name, target):
        where = ["--repo", self.repository]
        self.environment |= {
            "LIFEBOAT_CACHE_DIR": str(self.area / "cache"), "LIFEBOAT_STATE_DIR": str(self.area / "state"),
        }  # fmt: skip
        recipient = []
        if self.identity:
            file = self.area / "identity.txt"
            if not file.exists():
                subprocess.run(["age-keygen", "-o", file], check=True, stderr=subprocess.DEVNULL)
            public = subprocess.run(["age-keygen", "-y", file], check=True, capture_output=True, text=True)
            recipient = ["--recipient", public.stdout.strip()]
            self.environment["LIFEBOAT_IDENTITY_FILE"] = str(file)
        else:
            self.environment["LIFEBOAT_PASSPHRASE"] = PASSPHRASE
        return {
            "init": ["init", *where, *recipient],
            "backup": ["backup", source, *where],
            "restore": ["restore", "latest", *where, "--target", target],
        }


class Restic(Tool):
    def commands(self, source, name, target):
        where = ["-r", self.repository, "--cache-dir", self.area / "cache"]
        self.environment["RESTIC_PASSWORD"] = PASSPHRASE
        return {
            "init": ["init", *where],
            "backup": ["backup", *where, source],
            "restore": ["restore", *where, "latest", "--target", target],
        }


class Borg(Tool):
    def commands(self, source, name, target):
        self.environment |= {"BORG_PASSPHRASE": PASSPHRASE, "BORG_BASE_DIR": str(self.area / "home")}
        archive = f"{self.repository}::{name}"
        return {
            "init": ["init", "--encryption", "repokey-blake2", self.repository],
            "backup": ["create", "--compression", "zstd,3", archive, source],
            "restore": ["extract", archive],  # Into the working directory, which is the target.
        }


class Rustic(Tool):
    def commands(self, source, name, target):
        where = ["-r", self.repository, "--no-progress"]
        self.environment |= {"RUSTIC_PASSWORD": PASSPHRASE, "RUSTIC_CACHE_DIR": str(self.area / "cache")}
        return {
            "init": ["init", *where],
            "backup": ["backup", *where, source],
            "restore": ["restore", *where, "latest", target],
        }


TOOLS = {"lifeboat": Lifeboat, "restic": Restic, "borg": Borg, "rustic": Rustic}
LIMITS = {
    "cat": 'find "$1" -type f -print0 | xargs -0 cat > /dev/null',
    "tar|zstd": 'tar -cf - -C "$1" . | zstd -q -3 -T0 > "$2"',
    "cp -a": 'cp -a "$1" "$2"',
    "find": 'find "$1" -printf "%p %s %T@ %C@ %i\\n" > /dev/null',
}


def install(name, work):
    """Finds a peer, or installs it below `work`."""
    own = work / "bin" / name
    if not own.exists():
        found = shutil.which(name)
        if found:
            return Path(found)
        own.parent.mkdir(parents=True, exist_ok=True)
        if name == "restic":
            corpora.run("apt-get", "install", "-y", "restic")
            return Path(shutil.which("restic"))
        if name == "borg":
            corpora.run(sys.executable, "-m", "venv", work / "borg")
            corpora.run(work / "borg/bin/pip", "install", "borgbackup")
            own.symlink_to(work / "borg/bin/borg")
        elif name == "rustic":
            corpora.run("cargo", "install", "rustic-rs", "--locked", "--no-default-features", "--root", work)
        else:
            sys.exit("name the program with --lifeboat PATH")
    return own


def measure(command, log, environment=None, directory=None):
    """Runs a command on a quiet disk; ends the program if it fails."""
    os.sync()
    with open(log, "ab") as output:
        output.write(f"\n$ {' '.join(map(str, command))}\n".encode())
        output.flush()
        start = time.monotonic()
        child = subprocess.Popen(
            list(map(str, command)), env=environment, cwd=directory,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"exit status {child.returncode} from {' '.join(map(str, command))}; see {log}")
    return {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }


def stored_bytes(path):
    """Length of all files, as a bill for storage would count them."""
    return sum(entry.lstat().st_size for entry in path.rglob("*") if entry.is_file())


def same_bytes(one, other):
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            block = a.read(1 << 20)
            if block != b.read(1 << 20):
                return False
            if not block:
                return True


def difference(source, restored):
    """The first path whose type, mode, time, target or contents differ, or None."""
    one, other = os.lstat(source), os.lstat(restored)
    if one.st_mode != other.st_mode:
        return f"{restored}: mode {other.st_mode:o} instead of {one.st_mode:o}"
    if stat.S_ISLNK(one.st_mode):
        return None if os.readlink(source) == os.readlink(restored) else f"{restored}: another target"
    if stat.S_ISREG(one.st_mode):
        # Borg keeps no more than microseconds on some systems.
        if one.st_size != other.st_size or one.st_mtime_ns // 1000 != other.st_mtime_ns // 1000:
            return f"{restored}: another size or time"
        return None if same_bytes(source, restored) else f"{restored}: other contents"
    if stat.S_ISDIR(one.st_mode):
        names = sorted(os.listdir(source))
        if names != sorted(os.listdir(restored)):
            return f"{restored}: other entries"
        for name in names:
            found = difference(os.path.join(source, name), os.path.join(restored, name))
            if found:
                return found
    return None


def one_turn(tool, corpus, log, verify):
    """One tool through all steps, in an area of its own that is removed afterwards."""
    shutil.rmtree(tool.area, ignore_errors=True)
    for directory in ("home", "cache", "config", "state", "out"):
        (tool.area / directory).mkdir(parents=True)
    out = tool.area / "out"
    result = {}

    def step(kind, name, directory=None):
        command = [tool.program, *tool.commands(corpus.path, name, out)[kind]]
        return measure(command, log, tool.environment, directory)

    corpus.switch(1)
    result["init"] = step("init", "init")
    archive = "first"
    for archive in ["first", "nochange"] + ["second"] * (2 in corpus.versions):
        if archive == "second":
            corpus.switch(2)
        result[archive] = step("backup", archive)
        result[archive]["repository_bytes"] = stored_bytes(tool.repository)
    result["restore"] = step("restore", archive, out)
    if verify:
        found = difference(corpus.path, out / corpus.path.relative_to("/"))
        if found:
            sys.exit(f"{tool.program} restored another tree: {found}")
    shutil.rmtree(tool.area)
    return result


def limits(corpus, scratch, log):
    """The simple commands on version 1."""
    corpus.switch(1)
    result = {}
    for name, script in LIMITS.items():
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        result[name] = measure(["sh", "-c", script, "sh", corpus.path, scratch / "out"], log)
    shutil.rmtree(scratch)
    return result


def shown(value, measure_name):
    if UNITS[measure_name] == "MB":
        return f"{value / 1e6:,.1f} MB"
    return f"{value:.2f} s"


def table(name, rounds, tools):
    """The figures of one corpus in Markdown."""
    reference, peers = tools[0], tools[1:]
    lines = [f"\n### {name}, {len(rounds)} round(s)\n"]
    lines.append(f"| | {' | '.join(tools)} | {' | '.join(f'{peer} ÷ {reference}' for peer in peers)} |")
    lines.append("|---|" + "--:|" * (len(tools) + len(peers)))
    for step, what in ROWS:
        series = {tool: [turn[tool][step][what] for turn in rounds if step in turn[tool]] for tool in tools}
        if not series[reference]:
            continue
        cells = [shown(statistics.median(series[tool]), what) for tool in tools]
        for peer in peers:
            ratios = [theirs / ours for theirs, ours in zip(series[peer], series[reference])]
            cells.append(f"{statistics.median(ratios):.2f}")
        lines.append(f"| {step} {what.split('_')[0]} | {' | '.join(cells)} |")
    lines.append(f"\nLimits on version 1, and the median of limit ÷ a step of {reference}:\n")
    for limit, step in {"tar|zstd": "first", "cat": "first", "find": "nochange", "cp -a": "restore"}.items():
        seconds = statistics.median(turn["limits"][limit]["seconds"] for turn in rounds)
        ratio = statistics.median(
            turn["limits"][limit]["seconds"] / turn[reference][step]["seconds"] for turn in rounds
        )
        lines.append(f"- `{limit}` {seconds:.2f} s ({ratio:.2f} of {step})")
    return "\n".join(lines)


def arguments():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--work", type=Path, required=True, help="for corpora, peers and repositories")
    parser.add_argument("--corpus", default=",".join(corpora.ALL), help="a list (default: %(default)s)")
    parser.add_argument("--tool", default=",".join(TOOLS), help="a list (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lifeboat", metavar="PATH", help="the same as --program lifeboat=PATH")
    parser.add_argument("--program", action="append", default=[], metavar="TOOL=PATH")
    parser.add_argument("--identity", action="store_true", help="open lifeboat by an age identity")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every single measurement, with versions")
    options = parser.parse_args()
    for chosen, known in ((options.corpus, corpora.ALL), (options.tool, TOOLS)):
        unknown = set(chosen.split(",")) - set(known)
        if unknown:
            parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(known)}")
    options.program = dict(word.split("=", 1) for word in options.program)
    if options.lifeboat:
        options.program["lifeboat"] = options.lifeboat
    options.work = options.work.resolve()
    return options


def main():
    options = arguments()
    Lifeboat.identity = options.identity
    names = sorted(options.tool.split(","), key=list(TOOLS).index)
    tools = []
    for name in names:
        program = options.program.get(name) or install(name, options.work)
        tools.append(TOOLS[name](Path(program).resolve(), options.work / "run" / name))
    log = options.work / "compare.log"
    log.unlink(missing_ok=True)
    versions = {name: tool.version() for name, tool in zip(names, tools)}
    report = {"versions": versions, "identity": options.identity, "cpus": os.cpu_count(), "corpora": {}}
    print("\n".join(f"- {name}: {version}" for name, version in versions.items()), flush=True)
    for name in options.corpus.split(","):
        corpus = corpora.ALL[name](options.work / "corpora" / name)
        corpus.ensure()
        rounds = report["corpora"][name] = []
        for number in range(options.rounds):
            turn = {}
            for tool_name, tool in zip(names, tools):
                turn[tool_name] = one_turn(tool, corpus, log, verify=number == 0)
                print(f"{name} {number + 1}/{options.rounds} {tool_name}", file=sys.stderr, flush=True)
            turn["limits"] = limits(corpus, options.work / "run" / "limits", log)
            rounds.append(turn)
            if options.json:  # After every round, so that an interrupted run is not lost.
                options.json.write_text(json.dumps(report, indent=1))
        print(table(name, rounds, names), flush=True)


if __name__ == "__main__":
    main()
