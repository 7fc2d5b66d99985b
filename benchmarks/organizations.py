"""Runs over many organizations, and the requests in flight. Prints a section like those in parts.py."""

import math
import os
import subprocess

from lab import HERE, Failed, Simulator, job, measured, megabytes, seconds

OURS = "this action"
OTHER = "gh api --paginate"
# The number of organizations, and the seats of each. Smaller numbers are for trying this out.
SIZES = [
    tuple(int(number) for number in size.split("x")) for size in os.environ.get("ORGANIZATIONS", "500x40 20x5000").split()
]
DELAY = int(os.environ.get("DELAY", "50"))
FLIGHT_SEATS = 10_000
FLIGHT_DELAYS = (50, 200, 800)
PAGE = 100
# GitHub's published limits, for each minute.
REST_POINTS = 900
GRAPHQL_POINTS = 2_000
SERVER_TIME = 90
CONCURRENT = 100
# How many requests the action starts with, and how many more it allows after each round that went well.
STEP = 10
# The requests of a single report that each wait for the one before.
SERIAL = 3
KEY = HERE.parent / "tests/it/support/testing-key.pem"
KINDS = ("reads", "tokens", "writes", "queries", "mutations")


def variables(environment, reader, deliver_to, day):
    given = {
        "organization": "*",
        "deliver-to": deliver_to,
        "commit-token": environment["GITHUB_TOKEN"],
        "artifact-name": f"report-{day}",
    }
    if reader == "App":
        given["app-client-id"] = environment["SIMULATOR_APP"]
        given["app-private-key"] = KEY.read_text().replace("TESTING", "PRIVATE")
    else:
        given["token"] = environment["SIMULATOR_READER"]
    return {**environment, **{f"INPUT_{name.upper()}": value for name, value in given.items()}}


def ideal(kinds, delay):
    """The shortest time for these requests under GitHub's published limits, in seconds. Everything that a minute allows
    can be used up at its start, a hundred requests at a time."""
    counts = {kind: kinds.get(kind, 0) for kind in KINDS}
    used = [
        (counts["reads"] + 5 * (counts["tokens"] + counts["writes"]), REST_POINTS),
        (counts["queries"] + 5 * counts["mutations"], GRAPHQL_POINTS),
        (sum(counts.values()) * delay / 1000, SERVER_TIME),
    ]
    # The last of these minutes doesn't have to end. Only what's left for it has to be requested.
    minutes, share = max((math.ceil(use / limit) - 1, use / limit) for use, limit in used)
    left = sum(counts.values()) * (share - minutes) / share
    return minutes * 60 + math.ceil(left / CONCURRENT) * delay / 1000


def commits(environment):
    command = ["git", f"--git-dir={environment['SIMULATOR_GIT_DIR']}", "rev-list", "--count", "--all"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def two_days(size, reader, deliver_to):
    """Runs the action on two days in a row. Returns for each: the run, the counts, and the number of commits."""
    count, seats = size
    simulator = Simulator(1, DELAY, "--organizations", count, "--seats", seats, "--enforce-limits", "true")
    found = []
    with simulator:
        for day in (1, 2):
            before = commits(simulator.environment)
            with job(variables(simulator.environment, reader, deliver_to, day)) as (workspace, environment):
                run = measured([os.environ["SHIPPED"]], workspace, environment)
                files = list(workspace.glob("copilot-activity-report/*.csv"))
                rows = sum(file.read_bytes().count(b"\n") - 1 for file in files)
            if (len(files), rows) != (count, count * seats):
                raise Failed(f"the action wrote {len(files)} files with {rows} rows instead of {count} with {count * seats}")
            found.append((run, simulator.end_day(), commits(simulator.environment) - before))
    if simulator.violations:
        raise Failed(f"the action violated GitHub's rules:\n{simulator.violations}")
    return found


def loop(size):
    """Reads the same in a shell loop. It doesn't wait, so GitHub's limits aren't enforced."""
    count, seats = size
    names = [f"organization-{number:04}" for number in range(1, count + 1)]
    simulator = Simulator(1, DELAY, "--organizations", count, "--seats", seats)
    with simulator:
        environment = {**simulator.environment, "GITHUB_TOKEN": simulator.environment["SIMULATOR_READER"]}
        with job(environment) as (workspace, environment):
            run = measured([str(HERE / "clients/gh"), "report.csv", *names], workspace, environment)
            rows = (workspace / "report.csv").read_bytes().count(b"\n")
        counts = simulator.end_day()
    if rows != count * seats:
        raise Failed(f"{OTHER} wrote {rows} lines instead of {count * seats}")
    return run, counts


def organizations():
    print(f"""
## Many organizations

The action runs with `organization: "*"` on two days in a row. The simulated GitHub enforces its limits, and a request takes
at least {DELAY} ms. "REST" is requests that read. Installation tokens are requests that cost 5 points but create no content.
"Writes" is other requests that write, to REST and GraphQL. Requests to the artifact service aren't counted.

The ideal is the shortest time that GitHub's published limits allow for the same requests: {REST_POINTS} points a minute for REST,
{GRAPHQL_POINTS:,} for GraphQL, {SERVER_TIME} seconds of server time per 60 seconds, and {CONCURRENT} requests at once. It uses up each minute's limits
at once. `gh` only reads seats, in a shell loop over the organizations, and doesn't keep to the limits. The files of 20 × 5,000
seats are 47 MB, and a commit has up to 27 MB, so they take two.

| organizations × seats | | day | REST | GraphQL | tokens | writes | commits | in flight | time | ideal | ratio | CPU | memory |
| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |""")
    targets = []
    for place, size in enumerate(SIZES):
        cases = [("token", "repository"), ("App", "repository")]
        if place == 0:
            cases.append(("token", "artifact, repository"))
        name = f"{size[0]:,} × {size[1]:,}"
        for reader, deliver_to in cases:
            for day, (run, counts, made) in enumerate(two_days(size, reader, deliver_to), 1):
                kinds, best = counts["kinds"], ideal(counts["kinds"], DELAY)
                row(name, f"{OURS}, {reader}, `{deliver_to}`", day, run, counts, made, best)
                ratio = run.wall / best
                what = f"{name}, {reader}, `{deliver_to}`, day {day}"
                targets.append((f"{what}: at most 1.25 times the ideal, {best:.1f} s", f"{ratio:.2f}", ratio <= 1.25))
                targets.append((f"{what}: one commit", f"{made}", made == 1))
        run, counts = loop(size)
        row(name, f"{OTHER} in a loop", 1, run, counts, 0, None)
    return targets


def row(name, who, day, run, counts, made, best):
    kinds = counts["kinds"]
    writes = kinds.get("writes", 0) + kinds.get("mutations", 0)
    compared = f"{seconds(best)} | {run.wall / best:.2f}" if best else "| "
    print(
        f"| {name} | {who} | {day} | {kinds.get('reads', 0):,} | {kinds.get('queries', 0):,} | {kinds.get('tokens', 0):,} "
        f"| {writes} | {made} | {counts['in_flight']} | {seconds(run.wall)} | {compared} | {seconds(run.cpu)} | {megabytes(run.peak)} |",
        flush=True,
    )


def rounds(pages):
    """How many rounds it takes to request these pages, if each round has more requests in flight than the last."""
    count = 0
    while pages > 0:
        count += 1
        pages -= min(STEP * count, CONCURRENT)
    return count


def flight():
    print(f"""
## Requests in flight

{FLIGHT_SEATS:,} seats of one organization, with `deliver-to: none`. The number of requests in flight starts at {STEP} and grows by {STEP}
after each round, as long as GitHub responds quickly. Three requests can't overlap with others: whether the repository is
public, the first page, and GitHub's second count. The ideal is these, and the other pages in such rounds. "Ten at once" is
the ideal for ten requests at any time. At 800 ms, the requests take almost all of the {SERVER_TIME} seconds of server time that GitHub
allows in a minute, so the action keeps some of it in reserve.

| ms | requests | most in flight | time | ideal | ratio | ten at once |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |""")
    targets = []
    pages = FLIGHT_SEATS // PAGE
    for delay in FLIGHT_DELAYS:
        simulator = Simulator(1, delay, "--organizations", 1, "--seats", FLIGHT_SEATS, "--enforce-limits", "true")
        with simulator:
            given = variables(simulator.environment, "token", "none", 1)
            with job({**given, "INPUT_ORGANIZATION": "organization-0001"}) as (workspace, environment):
                run = measured([os.environ["SHIPPED"]], workspace, environment)
            counts = simulator.end_day()
        if simulator.violations:
            raise Failed(f"the action violated GitHub's rules:\n{simulator.violations}")
        best = (SERIAL + rounds(pages - 1)) * delay / 1000
        ten = (SERIAL + math.ceil((pages - 1) / STEP)) * delay / 1000
        print(
            f"| {delay} | {sum(counts['kinds'].values())} | {counts['in_flight']} | {seconds(run.wall)} | {seconds(best)} "
            f"| {run.wall / best:.2f} | {seconds(ten)} |",
            flush=True,
        )
        if delay == 200:
            what = f"{FLIGHT_SEATS:,} seats at {delay} ms: at most 1.25 times the ideal for the requests in flight, {best:.1f} s"
            targets.append((what, f"{run.wall / best:.2f}, {run.wall:.2f} s", run.wall / best <= 1.25))
    return targets
