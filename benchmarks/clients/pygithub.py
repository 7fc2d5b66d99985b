"""Reads all seats with PyGithub: pygithub.py FILE"""

import csv
import datetime
import os
import sys

import github
from github.Copilot import Copilot

hub = github.Github(
    auth=github.Auth.Token(os.environ["GITHUB_TOKEN"]), base_url=os.environ["GITHUB_API_URL"], per_page=100,
    # Turns off the library's own pauses between requests.
    seconds_between_requests=0,
)
time = datetime.datetime.now(datetime.UTC).isoformat()
with open(sys.argv[1], "w", newline="") as file:
    rows = csv.writer(file)
    for seat in Copilot(hub.requester, "acme").get_seats():
        login = seat.assignee.login if seat.assignee else None
        rows.writerow([time, login, seat.last_authenticated_at, seat.last_activity_at, seat.last_activity_editor])
