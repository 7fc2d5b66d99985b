"use strict";

// Filters, sorts, and copies the table of people. Without this script, the page shows the same data.
(() => {
  const STATUSES = ["active", "new", "inactive", "never used"];
  const IDLE = [2, 3];
  const DAY = 86_400_000;
  // Browsers need long to lay out a table with many rows.
  const STEP = 200;
  const MOST_IN_PRINT = 5_000;

  const element = (id) => document.getElementById(id);
  const data = JSON.parse(element("data").textContent);
  const people = data.login.length;
  const logins = data.login.map((login) => login.toLowerCase());
  const table = element("people").querySelector("table");
  const columns = [...table.tHead.rows[0].cells];
  const search = element("search");
  const slider = element("idle");
  const selects = ["status", "team", "organization", "editor"].map(element).filter(Boolean);
  const names = { team: data.teams, organization: data.organizations, editor: data.editors, plan: data.plans };
  const glyphs = new Map();

  let order = { key: "idle", descending: true };
  let view = [];
  let shown = 0;

  const count = (number) => number.toLocaleString("en-US");
  const day = (number) => (number === null ? "" : new Date(number * DAY).toISOString().slice(0, 10));
  const indexes = (value) => (Array.isArray(value) ? value : [value]);
  const named = (key, person) => indexes(data[key][person]).map((index) => names[key][index]).join(", ");

  /** The text of a cell. */
  const TEXTS = {
    login: (person) => data.login[person],
    status: (person) => STATUSES[data.status[person]],
    activity: (person) => day(data.activity[person]) || "none known",
    idle: (person) => `${data.idle[person]}${data.longer[person] ? " or more" : ""}`,
    editor: (person) => named("editor", person),
    team: (person) => named("team", person),
    organization: (person) => named("organization", person),
    granted: (person) => day(data.granted[person]),
    ends: (person) => day(data.ends[person]),
    plan: (person) => named("plan", person),
  };

  /** What a column is sorted by: a number, or a text. */
  const RANKS = {
    login: (person) => logins[person],
    status: (person) => data.status[person],
    activity: (person) => data.activity[person] ?? -1,
    idle: (person) => data.idle[person] + data.longer[person] / 2,
    granted: (person) => data.granted[person] ?? -1,
    ends: (person) => data.ends[person] ?? Infinity,
  };

  function sort(list) {
    const rank = RANKS[order.key] ?? ((person) => TEXTS[order.key](person).toLowerCase());
    const ranks = new Map(list.map((person) => [person, rank(person)]));
    const way = order.descending ? -1 : 1;
    return list.sort((one, other) => {
      const [a, b] = [ranks.get(one), ranks.get(other)];
      if (a !== b) return a < b ? -way : way;
      // The same for both directions, so that equal people are always in the order of their logins.
      return logins[one] < logins[other] ? -1 : 1;
    });
  }

  function matches() {
    const text = search.value.trim().toLowerCase();
    const least = Number(slider.value);
    const wanted = selects.filter((select) => select.value !== "").map((select) => [select.id, select.value]);
    const fits = (person) =>
      wanted.every(([key, value]) => {
        if (value === "idle") return IDLE.includes(data.status[person]);
        return indexes(data[key][person]).includes(Number(value));
      });
    const list = [];
    for (let person = 0; person < people; person += 1) {
      if (data.idle[person] >= least && logins[person].includes(text) && fits(person)) list.push(person);
    }
    return list;
  }

  function cell(column, person) {
    const { key } = column.dataset;
    const made = document.createElement(key === "login" ? "th" : "td");
    if (key === "login") made.scope = "row";
    const text = TEXTS[key](person);
    if (["login", "team", "organization", "editor"].includes(key)) {
      made.className = "name";
      // Names can be written from right to left, and the text around them isn't.
      made.append(document.createElement("bdi"));
      made.firstChild.textContent = text;
      return made;
    }
    made.className = { status: "status", idle: "number", plan: "" }[key] ?? "day";
    if (key === "status") made.append(glyphs.get(text).cloneNode(true));
    made.append(text);
    return made;
  }

  function show(until) {
    const body = table.tBodies[0];
    const rows = document.createDocumentFragment();
    for (const person of view.slice(shown, until)) {
      const row = document.createElement("tr");
      row.append(...columns.map((column) => cell(column, person)));
      rows.append(row);
    }
    body.append(rows);
    shown = Math.min(until, view.length);
    const left = view.length - shown;
    element("more").hidden = left === 0;
    element("more").textContent = `Show ${count(Math.min(left, STEP))} more`;
  }

  function redraw() {
    table.tBodies[0].replaceChildren();
    shown = 0;
    show(STEP);
  }

  function update() {
    const least = Number(slider.value);
    const idle = data.idle.reduce((sum, days) => sum + (days >= least ? 1 : 0), 0);
    element("idle-days").textContent = least;
    element("idle-people").textContent = `${count(idle)} of ${count(people)} people`;
    slider.setAttribute("aria-valuetext", `${least} days, ${count(idle)} people`);
    view = sort(matches());
    element("shown").textContent = `${count(view.length)} of ${count(people)} people`;
    redraw();
  }

  function csv() {
    const cells = (texts) => texts.map(quoted).join(",");
    const heads = columns.map((column) => column.textContent);
    const lines = view.map((person) => cells(columns.map((column) => TEXTS[column.dataset.key](person))));
    return [cells(heads), ...lines, ""].join("\r\n");
  }

  function quoted(text) {
    // Spreadsheets run these cells as formulas.
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  async function copy() {
    const text = csv();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Browsers refuse the clipboard to a page in a frame.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) {
        element("shown").textContent = "The browser doesn't allow copying. Download the CSV instead.";
        return;
      }
    }
    element("shown").textContent = `Copied ${count(view.length)} people`;
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" }));
    link.download = `${data.file}-view.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
  }

  function sortBy(column) {
    const { key } = column.dataset;
    const descending = order.key === key ? !order.descending : ["idle", "activity", "granted"].includes(key);
    order = { key, descending };
    for (const other of columns) other.removeAttribute("aria-sort");
    column.setAttribute("aria-sort", descending ? "descending" : "ascending");
    view = sort(view);
    redraw();
  }

  for (const column of columns) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.textContent;
    button.addEventListener("click", () => sortBy(column));
    column.replaceChildren(button);
  }
  for (const select of selects.filter((one) => names[one.id])) {
    const list = names[select.id].map((name, index) => [name, index]);
    list.sort(([one], [other]) => one.localeCompare(other, "en"));
    select.append(...list.map(([name, index]) => new Option(name, index)));
  }
  for (const status of STATUSES) {
    glyphs.set(status, document.querySelector(`.card .${status.replace(" ", "-")}`));
  }
  const longest = data.idle.reduce((most, days) => Math.max(most, days), data.inactiveDays);
  slider.max = Math.min(longest, 365);

  element("filters").addEventListener("input", update);
  element("filters").addEventListener("submit", (event) => event.preventDefault());
  element("reset").addEventListener("click", () => {
    element("filters").reset();
    update();
  });
  element("copy").addEventListener("click", copy);
  element("download").addEventListener("click", download);
  element("more").addEventListener("click", () => {
    const first = table.tBodies[0].rows.length;
    show(shown + STEP);
    // The button may be gone, and the focus with it.
    if (element("more").hidden) {
      table.tBodies[0].rows[first].tabIndex = -1;
      table.tBodies[0].rows[first].focus();
    }
  });
  window.addEventListener("beforeprint", () => show(Math.max(shown, MOST_IN_PRINT)));
  window.addEventListener("afterprint", redraw);
  for (const id of ["filters", "actions", "people"]) element(id).hidden = false;
  element("too-many")?.remove();
  update();
})();
