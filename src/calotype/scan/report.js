"use strict";

// Orders, hides and walks through groups that are all on the page already.

const page = document.documentElement;
const list = document.getElementById("groups");
const groups = [...list.querySelectorAll("section")];
const rungs = [...document.querySelectorAll("[data-rung][aria-pressed]")];
const order = document.getElementById("order");
const find = document.getElementById("find");
const surest = new Map(rungs.map((button, place) => [button.dataset.rung, place]));
const paths = new Map(groups.map((group) => [group, pathsOf(group)]));

function pathsOf(group) {
  return [...group.querySelectorAll("bdi")].map((path) => path.textContent.toLowerCase()).join("\n");
}

const number = (name) => (a, b) => b.dataset[name] - a.dataset[name];
const orders = {
  win: number("win"),
  spare: number("spare"),
  count: number("count"),
  rung: (a, b) => surest.get(a.dataset.rung) - surest.get(b.dataset.rung),
  path: (a, b) => paths.get(a).localeCompare(paths.get(b)),
};

function arrange() {
  list.append(...groups.toSorted(orders[order.value]));
}

function filter() {
  const wanted = new Set(rungs.filter((each) => each.ariaPressed === "true").map((each) => each.dataset.rung));
  const part = find.value.trim().toLowerCase();
  for (const group of groups) {
    group.hidden = !wanted.has(group.dataset.rung) || !paths.get(group).includes(part);
  }
  document.getElementById("nothing").hidden = groups.some((group) => !group.hidden);
}

function toggle(button) {
  if (!button || button.disabled) return;
  button.ariaPressed = button.ariaPressed === "true" ? "false" : "true";
  filter();
}

function walk(step) {
  const shown = [...list.children].filter((group) => !group.hidden);
  const here = shown.indexOf(document.activeElement.closest("section"));
  const next = shown[here < 0 ? 0 : Math.min(Math.max(here + step, 0), shown.length - 1)];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "start" });
}

function otherTheme() {
  const isDark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  page.dataset.theme = isDark ? "light" : "dark";
}

const keys = {
  j: () => walk(1),
  k: () => walk(-1),
  "/": () => find.focus(),
  t: otherTheme,
};

function press(event) {
  if (event.key === "Escape") document.activeElement.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
  const rung = rungs[event.key - 1];
  const act = keys[event.key] ?? (rung && (() => toggle(rung)));
  if (!act) return;
  event.preventDefault();
  act();
}

for (const button of rungs) button.addEventListener("click", () => toggle(button));
order.addEventListener("change", arrange);
find.addEventListener("input", filter);
document.addEventListener("keydown", press);
