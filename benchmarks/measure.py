"""Measures, and prints docs/performance.md. benchmarks/run starts it."""

import datetime
import platform
import re
import subprocess
import sys
from pathlib import Path

import organizations
import parts
from lab import output_of

PARTS = {
    "reading": parts.reading,
    "organizations": organizations.organizations,
    "flight": organizations.flight,
    "memory": parts.memory,
    "upload": parts.upload,
    "start": parts.start,
    "size": parts.size,
}


def machine():
    """The machine and the versions."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cores = output_of("nproc")
    kernel = platform.release().split("-")[0]
    total = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    return f"{model[1] if model else platform.machine()}, {cores} cores, {total:.0f} GiB, Linux {kernel}"


def main():
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [name for name in chosen if name not in PARTS]
    if unknown:
        sys.exit(f"no such part: {', '.join(unknown)}. There are: {', '.join(PARTS)}")
    commit = output_of("git", "rev-parse", "HEAD")
    changed = " (with changes)" if output_of("git", "status", "--porcelain", "--untracked-files=no") else ""
    load = Path("/proc/loadavg").read_text().split()[0]
    versions = [
        output_of("gh", "--version").splitlines()[0],
        f"node {output_of('node', '--version')}",
        *(f"{name} {version}" for name, version in parts.packages()),
    ]
    print("# Performance\n")
    print("The size and speed of the page of `format: html` are in [The report as a page](page.md#size-and-speed).\n")
    print("The output of one run of `benchmarks/run`. The action and the other programs did the same work one after another, on")
    print("one simulated GitHub on the same machine, so the ratios say more than the seconds.\n")
    print(f"- Measured: {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC, commit `{commit}`{changed}")
    print(f"- Machine: {machine()}; load before the run {load}")
    print(f"- Against: {', '.join(versions)}")
    targets = []
    for name in chosen:
        print(f"== {name}", file=sys.stderr)
        targets += PARTS[name]()
        sys.stdout.flush()
    if len(chosen) > 1:
        # Measured separately, because it takes longer than everything else.
        print("\n" + (Path(__file__).parent / "soak.md").read_text(), end="")
    print("\n## Targets\n\n| target | measured | |\n| --- | ---: | --- |")
    for target, figure, met in targets:
        print(f"| {target} | {figure} | {'met' if met else '**missed**'} |")


if __name__ == "__main__":
    try:
        main()
    except (parts.Failed, subprocess.CalledProcessError) as error:
        sys.exit(f"benchmarks: {error}")
