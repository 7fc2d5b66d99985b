"""The parts of the measurement. Each prints its section and returns its targets: name, figure, and whether it's met."""

import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from lab import HERE, Failed, Simulator, job, measured, megabytes, output_of, seconds, typical

OURS = "this action"
FILE = "report.csv"
# Each writes to the file in its arguments, or as the action does.
READERS = {
    OURS: [os.environ["SHIPPED"]],
    "gh api --paginate": [str(HERE / "clients/gh"), FILE],
    "@octokit/rest": ["node", str(HERE / "clients/octokit.mjs"), FILE],
    "PyGithub": [os.environ["PYTHON"], str(HERE / "clients/pygithub.py"), FILE],
}
OTHERS = [name for name in READERS if name != OURS]
# How often each is run. The results are medians.
SEATS = {1_000: 5, 10_000: 3, 100_000: 1}
DELAYS = (0, 50, 200)
# At this size, only CPU and memory are compared, which don't depend on the latency.
LARGE = 100_000
CASES = [(seats, delay) for seats in SEATS for delay in DELAYS if seats < LARGE or delay == 0]
PAGE = 100


def packages():
    """The measured packages and their versions."""
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    python = re.search(r"^PyGithub==(\S+)", (HERE / "requirements.txt").read_text(), re.MULTILINE)
    return [*wanted.items(), ("PyGithub", python[1])]


def variables(environment, inputs):
    """The variables of a step with these inputs."""
    given = {"token": environment["GITHUB_TOKEN"], "organization": "acme", **inputs}
    return {**environment, **{f"INPUT_{name.upper()}": value for name, value in given.items()}}


def read(reader, seats, delay, deliver_to="none"):
    """Runs a reader, and checks that it read all seats."""
    simulator = Simulator(seats, delay)
    with simulator, job(variables(simulator.environment, {"deliver-to": deliver_to})) as (workspace, environment):
        run = measured(READERS[reader], workspace, environment)
        written = [*workspace.glob("*.csv"), *workspace.glob("copilot-activity-report/*.csv")]
        rows = sum(file.read_bytes().count(b"\n") for file in written)
    run.requests = simulator.requests
    expected = seats + 1 if reader == OURS else seats
    if rows != expected:
        raise Failed(f"{reader} wrote {rows} lines instead of {expected}")
    if reader == OURS and simulator.violations:
        raise Failed(f"the action violated GitHub's rules:\n{simulator.violations}")
    return run


def waited(run):
    """How many seconds the action paused to stay within GitHub's limits, from its log."""
    return sum(int(wait) for wait in re.findall(r"^Waiting (\d+) s, .* to stay within GitHub's rate limits", run.printed, re.M))


def reading():
    print(f"""
## Fetching

Each program fetches all pages of {PAGE} seats and writes a CSV with GitHub's five columns. "ms" is the simulated latency per
page. CPU is user and system time. Memory is the peak resident memory. Results for 1,000 seats are the median of {SEATS[1_000]} runs,
those for 10,000 seats are the median of {SEATS[10_000]} runs, and those for 100,000 seats are from one run.

The action does more than the other programs: it checks whether the repository is public, verifies that the report is
complete, sorts it, and writes a manifest and a summary.

For {LARGE:,} seats, compare only CPU and memory. They take 1,000 pages, and GitHub allows 900 requests per minute and 90
seconds of server time per 60 seconds. The action waits to stay within these limits (in parentheses, from its log). The
other programs don't wait, so GitHub would reject their requests. PyGithub's own pause of 250 ms between requests is off.

| seats | ms | | requests | time | CPU | memory |
| ---: | ---: | --- | ---: | ---: | ---: | ---: |""")
    found = {}
    for seats, delay in CASES:
        runs = {reader: [] for reader in READERS}
        # Alternates between the readers, so that a busy moment of the machine affects all of them.
        for _ in range(SEATS[seats]):
            for reader in READERS:
                runs[reader].append(read(reader, seats, delay))
        for reader in READERS:
            run = found[reader, seats, delay] = typical(runs[reader])
            wait = f" ({waited(run)} s)" if waited(run) else ""
            print(
                f"| {seats:,} | {delay} | {reader} | {run.requests:,} | {seconds(run.wall)}{wait} "
                f"| {seconds(run.cpu)} | {megabytes(run.peak)} |",
                flush=True,
            )
    return reading_targets(found)


def reading_targets(found):
    def best(seats, delay, what):
        return min(getattr(found[reader, seats, delay], what) for reader in OTHERS)

    def worst_share(what):
        return max(getattr(found[OURS, *case], what) / best(*case, what) for case in CASES)

    ours = found[OURS, 10_000, 200].wall
    faster = best(10_000, 200, "wall") / ours
    cpu, memory = worst_share("cpu"), worst_share("peak")
    return [
        ("10,000 seats at 200 ms: at least 8 times as fast as the next fastest program", f"{faster:.1f} times", faster >= 8),
        ("CPU below a quarter of the next best program's at every size", f"at most {cpu:.0%}", cpu < 0.25),
        ("memory below the next best program's at every size", f"at most {memory:.0%}", memory < 1),
    ]


def memory():
    seats = 200_000
    print(f"""
## Memory of a very large report

{seats:,} seats are about 360 MB of JSON. The latency is 0 ms, and the action waits as described earlier.
`tests/it/resource_use/memory_200k_seats.rs` checks its memory limit in every test run.

| | requests | time | CPU | memory |
| --- | ---: | ---: | ---: | ---: |""")
    for reader, deliver_to in [(OURS, "none"), (OURS, "artifact"), (OTHERS[0], "none")]:
        run = read(reader, seats, 0, deliver_to)
        name = f"{reader}, `deliver-to: {deliver_to}`" if reader == OURS else reader
        wait = f" ({waited(run)} s)" if waited(run) else ""
        print(
            f"| {name} | {run.requests:,} | {seconds(run.wall)}{wait} | {seconds(run.cpu)} | {megabytes(run.peak)} |",
            flush=True,
        )
    return []


def rows_of(size, path):
    """Writes a reproducible report of about this many bytes."""
    chance = random.Random(size)
    surfaces = ["vscode/1.113.0/copilot-chat/0.41.1", "copilot-cli", "Xcode/26.4/copilot-xcode/0.47.0", "None"]

    def when():
        day, hour, minute, second = (chance.randrange(n) for n in (28, 24, 60, 60))
        return f"2026-11-{day + 1:02}T{hour:02}:{minute:02}:{second:02}Z"

    with path.open("w") as file:
        number = 0
        while file.tell() < size:
            rows = []
            for number in range(number + 1, number + 1001):
                login = f"mona-{chance.randrange(16**6):06x}-{number}"
                rows.append(f"2026-11-22T00:00:00Z,{login},{when()},{when()},{chance.choice(surfaces)}\n")
            file.writelines(rows)


def upload():
    print("""
## Uploading an artifact

Each program compresses a CSV like a report, uploads it, and finalizes the artifact. The simulator is the artifact service
and its storage. Both programs use deflate at level 6 and hash the zip. The official client does this while it uploads, and
the action does it before. Results are the median of five runs, or of three for the larger file.

| file | | zip | requests | time | CPU | memory |
| ---: | --- | ---: | ---: | ---: | ---: | ---: |""")
    uploaders = {
        OURS: [os.environ["UPLOAD"]],
        "@actions/artifact": ["node", str(HERE / "clients/artifact.mjs")],
    }
    targets = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for size, times in ((10, 5), (200, 3)):
            file = Path(folder) / f"{size}.csv"
            rows_of(size * 10**6, file)
            runs = {uploader: [] for uploader in uploaders}
            for _ in range(times):
                for uploader, command in uploaders.items():
                    runs[uploader].append(uploaded([*command, str(file)]))
            middle = {uploader: typical(runs[uploader]) for uploader in uploaders}
            for uploader, run in middle.items():
                zipped = int(re.search(r"^(\d+) bytes, SHA-256", run.printed, re.M)[1])
                print(
                    f"| {size} MB | {uploader} | {zipped / 1e6:.2f} MB | {run.requests} | {seconds(run.wall)} "
                    f"| {seconds(run.cpu)} | {megabytes(run.peak)} |",
                    flush=True,
                )
            ratio = middle["@actions/artifact"].wall / middle[OURS].wall
            targets.append((f"an upload of {size} MB at least as fast", f"{ratio:.1f} times as fast", ratio >= 1))
    return targets


def uploaded(command):
    simulator = Simulator(1)
    with simulator, job(simulator.environment) as (workspace, environment):
        run = measured(command, workspace, environment)
    run.requests = simulator.requests
    return run


def start():
    times = 20
    print(f"""
## From start to the first request

The time from the start of the program to the first bytes of its first request, with `deliver-to: none`. Results are the
median of {times} runs. The action spends most of this time on reading certificate authorities. Its image has one file of them,
and Debian also has a folder with many files.

| | first request |
| --- | ---: |""")
    simulator = Simulator(1)
    with simulator:
        environment = variables(simulator.environment, {"deliver-to": "none"})
    one_file = {**environment, "SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt"}
    cases = {reader: (command, environment) for reader, command in READERS.items()}
    shipped = f"{OURS}, with its image's certificate authorities"
    cases = {shipped: (READERS[OURS], one_file), **cases}
    found = {case: [] for case in cases}
    for _ in range(times):
        for case, (command, environment) in cases.items():
            found[case].append(first_request(command, environment))
    for case, values in found.items():
        print(f"| {case} | {statistics.median(values) * 1000:.1f} ms |")
    ours = statistics.median(found[shipped]) * 1000
    return [("the first request within 15 ms after the start, in the image", f"{ours:.1f} ms", ours <= 15)]


def first_request(command, environment):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        with job({**environment, "GITHUB_API_URL": address}) as (workspace, environment):
            began = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=workspace, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )
            try:
                connection, _ = server.accept()
                with connection:
                    if not connection.recv(1):
                        raise Failed(f"{command[0]} connected without sending a request")
                    took = time.perf_counter() - began
            except TimeoutError as error:
                raise Failed(f"{command[0]} sent no request within 30 s") from error
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()
    return took


def size():
    binary = Path(os.environ["SHIPPED"]).stat().st_size
    tag = f"localhost/copilot-activity-report:benchmark-{os.getpid()}"
    podman = ["env", "STORAGE_DRIVER=vfs", "podman", "--runtime", "runc", "--cgroup-manager=cgroupfs"]
    subprocess.run(["conformance/image", tag], check=True, stdout=subprocess.DEVNULL)
    try:
        image = int(output_of(*podman, "image", "inspect", "--format", "{{.Size}}", tag))
    finally:
        output_of(*podman, "rmi", "--force", tag)
    print(f"""
## Size

The binary is the one in the image, static and stripped. The image also contains certificate authorities and BusyBox.

| | |
| --- | ---: |
| binary | {binary / 1e6:.2f} MB |
| image | {image / 1e6:.2f} MB |""")
    return [("the binary at most 6 MB", f"{binary / 1e6:.2f} MB", binary <= 6e6)]
