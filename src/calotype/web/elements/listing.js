// The list behind the grid: a page at a time, and those that are still being read.

import { ask } from "./server.js";

const PAGE = 60;
const LOOKS = 12;

// How far below the window the next page is fetched, in pixels.
const AHEAD = 1500;

export class Listing {
  #cursor = null;
  #asking = null;
  #ended = false;

  constructor({ trash, grid, onTrouble, onEnd }) {
    Object.assign(this, { trash, grid, onTrouble, onEnd, query: "", onState: () => {} });
    addEventListener("online", () => this.more());
    addEventListener("scroll", () => this.#fill(), { passive: true });
    addEventListener("resize", () => this.#fill());
  }

  get filter() {
    const asked = {};
    if (this.query) asked.query = this.query;
    if (this.trash) asked.trash = "true";
    return new URLSearchParams(asked);
  }

  begin(query) {
    this.#asking?.abort();
    this.#asking = null;
    Object.assign(this, { query });
    this.#cursor = null;
    this.#ended = false;
    return this.more({ first: true });
  }

  async more({ first = false } = {}) {
    if (this.#asking || this.#ended) return;
    const asking = (this.#asking = new AbortController());
    try {
      const page = await ask("GET", this.#address(), undefined, { signal: asking.signal });
      this.#asking = null;
      this.#take(page, first);
      this.onTrouble(null);
      this.#fill();
    } catch (problem) {
      if (problem.name === "AbortError") return;
      this.#asking = null;
      this.onTrouble(problem);
    }
    this.grid.ariaBusy = "false";
  }

  #address() {
    const cursor = this.#cursor ? `&cursor=${encodeURIComponent(this.#cursor)}` : "";
    const filter = this.filter.toString();
    return `/api/media?limit=${PAGE}${filter && `&${filter}`}${cursor}`;
  }

  #take(page, first) {
    if (first) this.grid.clear();
    for (const media of page.items) {
      this.grid.place(media);
      this.watch(media);
    }
    this.#cursor = page.nextCursor;
    this.#ended = !page.nextCursor;
    this.onEnd();
  }

  #fill() {
    // Fetch the next page once the end of the grid is near.
    if (this.#asking || !this.#cursor) return;
    if (this.grid.getBoundingClientRect().bottom < innerHeight + AHEAD) this.more();
  }

  async watch(media, look = 0) {
    // Look again, less and less often, until the worker has read the picture.
    if (media.state !== "processing" || look >= LOOKS) return;
    await new Promise((go) => setTimeout(go, 400 * 1.6 ** look));
    if (!this.grid.get(media.id)) return;
    const now = await ask("GET", `/api/media/${media.id}`).catch(() => media);
    if (now.state !== "processing") this.onState(now);
    else this.watch(now, look + 1);
  }
}
