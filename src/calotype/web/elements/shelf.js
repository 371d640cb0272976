// The library and the trash: what is listed, chosen, changed, deleted and brought back.

import "./calotype-grid.js";
import "./calotype-panel.js";
import "./calotype-toast.js";
import "./calotype-uploads.js";
import { after } from "./dom.js";
import { bindKeys } from "./keys.js";
import { Listing } from "./listing.js";
import { ask } from "./server.js";

const byId = (id) => document.getElementById(id);
const [grid, panel, toast, preview] = ["grid", "panel", "toast", "preview"].map(byId);
const [uploads, search, trouble, empty] = ["uploads", "search", "trouble", "empty"].map(byId);
const inTrash = !search;

const listing = new Listing({ trash: inTrash, grid, onTrouble: complain, onEnd: showEmptiness });

// ── What the page says ──────────────────────────────────────────────────────────────────────────

function complain(problem) {
  trouble.textContent = problem?.message ?? "";
  trouble.hidden = !problem;
}

function showEmptiness() {
  empty.hidden = grid.size > 0;
  const when = listing.query ? "filtered" : "nothing";
  for (const each of empty.children) each.hidden = each.dataset.when !== when;
}

const countAgain = after(150, async () => {
  const line = await ask("GET", `/first-line?${listing.filter}`).catch(() => null);
  if (!line) return;
  byId("first-line").firstElementChild.textContent = line.title;
  byId("first-line").lastElementChild.textContent = line.more;
});

// ── One picture ─────────────────────────────────────────────────────────────────────────────────

// The digest is shown to those who may change a picture, and to nobody else.
const mayChange = (media) => media.sha256 !== null;

function choose(media) {
  grid.choose(media.id);
  panel.show(media, { canEdit: !inTrash && mayChange(media) });
  for (const button of panel.querySelectorAll("[data-trash], [data-restore]")) {
    button.hidden = !mayChange(media);
  }
  grid.show(media.id);
}

function look(media) {
  const [image, name] = [preview.querySelector("img"), preview.querySelector("p")];
  image.src = media.variants.large?.webp ?? media.url;
  image.alt = media.altText;
  name.textContent = media.name;
  if (!preview.open) preview.showModal();
}

function takeAway(media) {
  const next = grid.remove(media.id);
  if (panel.media?.id === media.id) {
    if (next && !matchMedia("(max-width: 720px)").matches) choose(next);
    else panel.close();
  }
  if (next) grid.focusOn(next.id);
  showEmptiness();
}

function putBack(media) {
  grid.place(media);
  grid.focusOn(media.id);
  showEmptiness();
}

async function move(media, { method, way, done, back, undone }) {
  // The page changes at once; if the server does not agree, it changes back.
  takeAway(media);
  try {
    await ask(method, `/api/media/${media.id}${way}`);
  } catch (problem) {
    putBack(media);
    toast.say(problem.message);
    return;
  }
  countAgain();
  const undo = async () => {
    await ask(back.method, `/api/media/${media.id}${back.way}`);
    putBack(media);
    countAgain();
    return { words: undone, name: media.name };
  };
  toast.say(done, { name: media.name, undo });
}

const trashing = { method: "DELETE", way: "" };
const restoring = { method: "POST", way: "/restore" };
const trash = (media) =>
  mayChange(media) && move(media, { ...trashing, back: restoring, done: "is in the trash", undone: "is back" });
const restore = (media) =>
  move(media, { ...restoring, back: trashing, done: "is in the library again", undone: "is in the trash again" });

grid.addEventListener("choose", ({ detail }) => choose(detail));
grid.addEventListener("step", ({ detail }) => {
  if (panel.media) choose(detail);
  if (preview.open) look(detail);
});
preview.addEventListener("click", () => preview.close());
preview.addEventListener("close", () => grid.focused && grid.focusOn(grid.focused.id));
panel.addEventListener("close", ({ detail }) => {
  grid.choose(null);
  if (detail) grid.focusOn(detail.id);
});
panel.addEventListener("changed", ({ detail }) => grid.place(detail));
panel.querySelector(".still").addEventListener("click", () => look(panel.media));
panel.querySelector("[data-trash]")?.addEventListener("click", () => trash(panel.media));
panel.querySelector("[data-restore]")?.addEventListener("click", () => restore(panel.media));
panel.querySelector("[data-copy]")?.addEventListener("click", async () => {
  await navigator.clipboard.writeText(new URL(panel.media.url, location.origin).href);
  toast.say(panel.media.visibility === "public" ? "Address copied" : "Address copied; it works for about a day");
});
for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;

// ── What arrives ────────────────────────────────────────────────────────────────────────────────

uploads?.addEventListener("arrived", ({ detail }) => {
  if (!listing.query) grid.place(detail);
  showEmptiness();
  countAgain();
  listing.watch(detail);
});
uploads?.addEventListener("show", ({ detail }) => {
  grid.place(grid.get(detail.id) ?? detail);
  choose(grid.get(detail.id));
  grid.focusOn(detail.id);
});
listing.onState = (media) => {
  grid.place(media);
  panel.refresh(media);
};
for (const button of document.querySelectorAll("[data-upload]")) {
  button.addEventListener("click", () => uploads.open());
}

// ── Searching ───────────────────────────────────────────────────────────────────────────────────

const find = after(120, (query) => {
  if (query === listing.query) return;
  panel.close();
  listing.begin(query);
  countAgain();
  history.replaceState(null, "", query ? `?query=${encodeURIComponent(query)}` : location.pathname);
});

search?.elements.query.addEventListener("input", ({ target }) => find(target.value.trim()));
search?.addEventListener("submit", (event) => event.preventDefault());
document.querySelector("[data-clear]")?.addEventListener("click", () => {
  search.elements.query.value = "";
  find("");
});

bindKeys({ grid, panel, preview, toast, search, uploads, help: byId("keys"), choose, look, trash: inTrash ? null : trash });
listing.begin(search?.elements.query.value ?? "");
countAgain();
