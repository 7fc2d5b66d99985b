// Reads all seats with GitHub's library for JavaScript: octokit.mjs FILE

import fs from "node:fs";
import { Octokit } from "@octokit/rest";

const { GITHUB_API_URL: baseUrl, GITHUB_TOKEN: auth } = process.env;
const octokit = new Octokit({ baseUrl, auth });
const seats = await octokit.paginate(octokit.rest.copilot.listCopilotSeats, { org: "acme", per_page: 100 }, ({ data }) => data.seats);
const cell = (value) => (/[",\n]/.test(value ?? "") ? `"${value.replaceAll('"', '""')}"` : (value ?? ""));
const time = new Date().toISOString();
const row = (seat) => [time, seat.assignee?.login, seat.last_authenticated_at, seat.last_activity_at, seat.last_activity_editor].map(cell).join(",");
fs.writeFileSync(process.argv[2], seats.map((seat) => `${row(seat)}\n`).join(""));
