"""Runs the simulated GitHub and jobs, and measures runs."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


class Failed(Exception):
    """A run failed, so its measurement is invalid."""


@dataclass
class Run:
    """The measurement of one run."""

    wall: float
    cpu: float
    # In KiB, of the largest process.
    peak: int
    printed: str
    requests: int = 0


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Simulator:
    """The running simulator. After it ends, `requests` and `violations` have its summary."""

    def __init__(self, people, delay=0, *further):
        options = ["--people", people, "--delay-ms", delay, *further]
        self.command = [os.environ["SIMULATOR"], *map(str, options)]

    def __enter__(self):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self.environment = {}
        for line in self.process.stdout:
            name, value = re.fullmatch(r"export (\w+)='(.*)'\n", line).groups()
            self.environment[name] = value
            if name == "SIMULATOR_GIT_DIR":
                return self
        raise Failed("the simulator did not start")

    def end_day(self):
        """Counts the requests since the last time, and sets GitHub's clock one day ahead."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.requests = int(self.process.stdout.read().split()[0])
        self.process.wait()
        self.errors.seek(0)
        self.violations = self.errors.read()


@contextlib.contextmanager
def job(environment):
    """A workspace with the environment of a step: these variables, and those of every runner."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        folder = Path(folder)
        for name in ("workspace", "temp", "home"):
            (folder / name).mkdir()
        for name in ("output", "summary"):
            (folder / name).touch()
        yield folder / "workspace", {
            "PATH": os.environ["PATH"],
            **environment,
            "HOME": str(folder / "home"),
            "RUNNER_TEMP": str(folder / "temp"),
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }


def measured(command, workspace, environment):
    """Runs a command. Its CPU time is user and system time, including child processes."""
    peak, log = workspace.parent / "peak", workspace.parent / "log"
    # A small process in between starts the measured one, because a process inherits its parent's peak memory.
    timed = ["time", "--quiet", "--format=%M", f"--output={peak}", *command]
    with log.open("w") as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            timed, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    printed = log.read_text()
    if process.returncode != 0:
        raise Failed(f"{command[0]} ended with {process.returncode}:\n{printed[-2000:]}")
    return Run(wall, used.ru_utime + used.ru_stime, int(peak.read_text()), printed)


def typical(runs):
    """The medians of several runs."""

    def middle(name):
        return statistics.median(getattr(run, name) for run in runs)

    return Run(middle("wall"), middle("cpu"), middle("peak"), runs[-1].printed, runs[-1].requests)


def seconds(value):
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def megabytes(kib):
    return f"{kib * 1024 / 1e6:.1f} MB"
