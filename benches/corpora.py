"""The corpora that compare.py measures on, made once and kept.

Each corpus is a directory with the versions `v1` and `v2` of one tree. A backup always reads the path `tree`:
`Corpus.switch` renames the wanted version to it, so that both versions are the same path to every tool. The
corpus `small` is changed and changed back in place instead, as there the point is that 97 of 100 files stay
the very same inodes. No corpus is downloaded ready-made: the kernel and the image come from Debian's archive
by `apt-get` and `debootstrap`, the others are generated. Making `image` needs root (loop mount, chroot),
`postgres` needs an installed PostgreSQL; the cluster is private, without TCP, and removed again.

    python3 benches/corpora.py --work DIR [NAME ...]
"""

import argparse
import os
import pwd
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MIRROR = "http://deb.debian.org/debian"
GIB = 1 << 30
IMAGE_BYTES = 2 * GIB
SMALL_FILES = 200_000
SMALL_DIRECTORIES = 2_000
PGBENCH_SCALE = 50
PGBENCH_SECONDS = 60
# The image grows by these when it becomes v2; the upgrade from the security suite comes on top.
PACKAGES_V1 = "ca-certificates curl git python3 vim-nox perl build-essential"
PACKAGES_V2 = "nginx-light postgresql-client ripgrep python3-numpy"


def run(*command, **options):
    """Runs a command, its output on standard error, and fails with it."""
    print("+", " ".join(str(word) for word in command), file=sys.stderr, flush=True)
    options.setdefault("stdout", sys.stderr)
    return subprocess.run([str(word) for word in command], check=True, **options)


class Corpus:
    """A tree in one or two versions; `path` is what is backed up."""

    versions = (1, 2)

    def __init__(self, root):
        self.root = Path(root)
        self.path = self.root / "tree"

    def ensure(self):
        """Makes the corpus unless a finished one is there."""
        done = self.root / "done"
        if not done.exists():
            if self.root.exists():
                shutil.rmtree(self.root)
            self.root.mkdir(parents=True)
            self.make()
            done.touch()

    def switch(self, version):
        """Puts a version in place as `path`."""
        state = self.root / "state"
        now = int(state.read_text()) if state.exists() else None
        if now != version:
            if now is not None:
                self.path.rename(self.root / f"v{now}")
            (self.root / f"v{version}").rename(self.path)
            state.write_text(str(version))
        # Borg never trusts the newest file of a backup to be unchanged. A tree whose only file is the payload
        # would be read again each time, which says nothing about the tool: this file takes that place.
        (self.path / "newest").write_text(f"{version}\n")

    def make(self):
        raise NotImplementedError


class Kernel(Corpus):
    """Two releases of the source of Linux 6.1, as Debian ships them."""

    def make(self):
        package = "linux-source-6.1"
        listed = subprocess.run(["apt-cache", "madison", package], check=True, capture_output=True, text=True)
        lines = listed.stdout.splitlines()  # Newest first.
        releases = [line.split("|")[1].strip() for line in lines if "Packages" in line]
        if len(set(releases)) < 2:
            sys.exit(f"apt knows fewer than two versions of {package}; enable the suite bookworm-security")
        for version, release in ((1, releases[-1]), (2, releases[0])):
            with tempfile.TemporaryDirectory(dir=self.root) as scratch:
                run("apt-get", "download", f"{package}={release}", cwd=scratch)
                run("dpkg-deb", "-x", next(Path(scratch).glob("*.deb")), scratch)
                tree = self.root / f"v{version}"
                tree.mkdir()
                source = Path(scratch) / "usr/src" / f"{package}.tar.xz"
                run("tar", "-xJf", source, "-C", tree, "--strip-components=1")


class Random(Corpus):
    """One file that neither compresses nor deduplicates."""

    versions = (1,)

    def make(self):
        (self.root / "v1").mkdir()
        source = random.Random(1)
        with open(self.root / "v1" / "random.bin", "wb") as file:
            for _ in range(2 * GIB // (1 << 20)):
                file.write(source.randbytes(1 << 20))


class Image(Corpus):
    """A disk image with ext4 and a Debian, before and after an upgrade and some installations."""

    def make(self):
        first, second = self.root / "v1" / "disk.img", self.root / "v2" / "disk.img"
        first.parent.mkdir()
        with open(first, "wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", first)
        self.inside(first, self.install)
        second.parent.mkdir()
        run("cp", "--sparse=always", first, second)
        self.inside(second, self.upgrade)

    def inside(self, image, action):
        mount = self.root / "mnt"
        mount.mkdir(exist_ok=True)
        run("mount", "-o", "loop", image, mount)
        try:
            action(mount)
        finally:
            run("umount", mount)

    def install(self, root):
        run("debootstrap", "--variant=minbase", "bookworm", root, MIRROR)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        policy = root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        self.apt(root, "install", "--no-install-recommends", *PACKAGES_V1.split())

    def upgrade(self, root):
        with open(root / "etc/apt/sources.list", "a") as sources:
            sources.write(f"deb {MIRROR}-security bookworm-security main\n")
        self.apt(root, "update")
        self.apt(root, "upgrade")
        self.apt(root, "install", "--no-install-recommends", *PACKAGES_V2.split())

    def apt(self, root, *words):
        path = "/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {"DEBIAN_FRONTEND": "noninteractive", "PATH": path, "LC_ALL": "C"}
        run("chroot", root, "apt-get", "-qq", "-y", *words, env=environment)


class Postgres(Corpus):
    """A plain SQL dump of a pgbench database, before and after a minute of its transactions."""

    def make(self):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not found:
            sys.exit("corpus postgres: install PostgreSQL (apt-get install postgresql postgresql-contrib)")
        self.programs = found[-1].parent
        self.cluster = Path(tempfile.mkdtemp(prefix="pgbench-"))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(self.cluster, self.user)
        try:
            self.pg("initdb", "-D", self.cluster / "data", "-A", "trust", "--no-sync")
            settings = f"-c listen_addresses= -c unix_socket_directories={self.cluster} -c fsync=off"
            log = self.cluster / "log"
            self.pg("pg_ctl", "-D", self.cluster / "data", "-o", settings, "-l", log, "-w", "start")
            try:
                self.pg("createdb", "-h", self.cluster, "bench")
                self.pg("pgbench", "-q", "-h", self.cluster, "-i", "-s", PGBENCH_SCALE, "bench")
                self.dump(1)
                self.pg("pgbench", "-h", self.cluster, "-c", 4, "-j", 2, "-T", PGBENCH_SECONDS, "bench")
                self.dump(2)
            finally:
                self.pg("pg_ctl", "-D", self.cluster / "data", "-m", "fast", "-w", "stop")
        finally:
            shutil.rmtree(self.cluster)

    def pg(self, program, *words, **options):
        command = [self.programs / program, *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        run(*command, cwd=self.cluster, **options)

    def dump(self, version):
        (self.root / f"v{version}").mkdir()
        with open(self.root / f"v{version}" / "bench.sql", "wb") as file:
            self.pg("pg_dump", "-h", self.cluster, "bench", stdout=file)


class Small(Corpus):
    """200,000 files of 1 to 4 KiB in 2,000 directories; the second version has 2 % changed and 1 % more."""

    def make(self):
        (self.root / "v1").mkdir()
        for directory in range(SMALL_DIRECTORIES):
            self.file(directory, version=1, base=self.root / "v1").parent.mkdir(parents=True, exist_ok=True)
        for number in range(SMALL_FILES):
            self.write(number, version=1, base=self.root / "v1")
        (self.root / "v1").rename(self.path)
        (self.root / "state").write_text("1")

    def switch(self, version):
        state = self.root / "state"
        if int(state.read_text()) != version:
            for number in range(0, SMALL_FILES, 50):
                self.write(number, version, self.path)
            for number in range(SMALL_FILES, SMALL_FILES + SMALL_FILES // 100):
                if version == 1:
                    self.file(number, version, self.path).unlink()
                else:
                    self.write(number, version, self.path)
            state.write_text(str(version))

    def file(self, number, version, base):
        directory = number % SMALL_DIRECTORIES
        return base / f"{directory // 50:02}" / f"{directory % 50:02}" / f"note-{number:06}.txt"

    def write(self, number, version, base):
        """Text that compresses to about a half: words from a fixed list between numbers nobody can guess."""
        source = random.Random(number * 10 + (version if number % 50 == 0 else 1))
        words = "backup restore chunk index snapshot tree pack segment vault key age drill plan store disk"
        size = source.randrange(1 << 10, 1 << 12)
        lines = []
        length = 0
        while length < size:
            line = f"{' '.join(source.choices(words.split(), k=6))} {source.getrandbits(128):032x}\n"
            lines.append(line)
            length += len(line)
        self.file(number, version, base).write_text("".join(lines)[:size])


ALL = {"kernel": Kernel, "random": Random, "image": Image, "postgres": Postgres, "small": Small}


def main():
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--work", required=True, help="directory for the corpora (about 14 GiB)")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}; default: all")
    options = parser.parse_args()
    for name in options.names or ALL:
        ALL[name](Path(options.work) / "corpora" / name).ensure()


if __name__ == "__main__":
    main()
