// Pictures in justified rows, by month, the newest first; their boxes have their shapes from the start.

import { make } from "./dom.js";
import { formatOf, monthOf, stateOf } from "./words.js";

const NARROWEST = 0.4;
const WIDEST = 8;

export class CalotypeGrid extends HTMLElement {
  #media = new Map();
  #boxes = new Map();

  connectedCallback() {
    this.addEventListener("click", ({ target }) => {
      const picture = target.closest(".picture");
      if (picture) this.#tell("choose", picture);
    });
    this.addEventListener("focusin", ({ target }) => {
      const picture = target.closest(".picture");
      if (picture) this.#rove(picture);
    });
  }

  get size() {
    return this.#media.size;
  }

  get focused() {
    return this.#media.get(this.querySelector('.picture[tabindex="0"]')?.dataset.id);
  }

  get(id) {
    return this.#media.get(id);
  }

  place(media) {
    const known = this.#find(media.id);
    this.#media.set(media.id, media);
    const picture = this.#draw(media, known ?? this.#empty(media));
    if (known) return;
    this.#boxes.set(media.id, picture);
    const rows = this.#rowsOf(media);
    const last = rows.lastElementChild;
    const isLast = !last || last.dataset.id > media.id;
    rows.insertBefore(picture, isLast ? null : [...rows.children].find((each) => each.dataset.id < media.id));
    if (this.size === 1) picture.tabIndex = 0;
  }

  remove(id) {
    // Take a picture out; return the one that the eye goes to next.
    const picture = this.#find(id);
    if (!picture) return undefined;
    const all = this.#pictures();
    const at = all.indexOf(picture);
    const next = all[at + 1] ?? all[at - 1];
    const section = picture.closest("section");
    picture.remove();
    if (!section.querySelector(".picture")) section.remove();
    this.#media.delete(id);
    this.#boxes.delete(id);
    if (next) this.#rove(next);
    return next && this.#media.get(next.dataset.id);
  }

  clear() {
    this.#media.clear();
    this.#boxes.clear();
    this.replaceChildren();
  }

  choose(id) {
    // Mark one picture as the chosen one, or none.
    this.querySelector('[aria-current="true"]')?.removeAttribute("aria-current");
    this.#find(id)?.setAttribute("aria-current", "true");
  }

  focusOn(id) {
    this.#find(id)?.focus();
  }

  show(id) {
    this.#find(id)?.scrollIntoView({ block: "nearest" });
  }

  step(by) {
    const all = this.#pictures();
    const at = all.indexOf(this.querySelector('.picture[tabindex="0"]'));
    this.#go(all[Math.min(all.length - 1, Math.max(0, at + by))]);
  }

  row(by) {
    // Go to the picture above or below, whichever is nearest to the middle of this one.
    const from = this.querySelector('.picture[tabindex="0"]');
    if (!from) return;
    const here = middle(from);
    const beyond = this.#pictures().filter((each) => (middle(each).y - here.y) * by > 4);
    if (!beyond.length) return;
    const line = by > 0 ? Math.min(...beyond.map(top)) : Math.max(...beyond.map(top));
    const row = beyond.filter((each) => Math.abs(top(each) - line) < 4);
    this.#go(row.reduce((best, each) => (distance(each, here) < distance(best, here) ? each : best)));
  }

  #go(picture) {
    if (!picture) return;
    picture.focus();
    picture.scrollIntoView({ block: "nearest" });
    this.#tell("step", picture);
  }

  #tell(name, picture) {
    const media = this.#media.get(picture.dataset.id);
    this.dispatchEvent(new CustomEvent(name, { detail: media, bubbles: true }));
  }

  #rove(picture) {
    const before = this.querySelector('.picture[tabindex="0"]');
    if (before) before.tabIndex = -1;
    picture.tabIndex = 0;
  }

  #find(id) {
    return this.#boxes.get(id);
  }

  #pictures() {
    return [...this.querySelectorAll(".picture")];
  }

  #rowsOf(media) {
    const name = media.createdAt.slice(0, 7);
    const sections = [...this.children];
    const found = sections.find((section) => section.dataset.month === name);
    if (found) return found.lastElementChild;
    const rows = make("div", { className: "rows" });
    const section = make("section", {}, make("h2", { textContent: monthOf(media.createdAt) }), rows);
    section.dataset.month = name;
    this.insertBefore(section, sections.find((each) => each.dataset.month < name) ?? null);
    return rows;
  }

  #draw(media, picture) {
    const state = stateOf(media);
    picture.ariaLabel = [media.name, state].filter(Boolean).join(", ");
    picture.querySelector(".name").textContent = media.name;
    picture.querySelector("img").alt = media.altText;
    const said = picture.querySelector(".state");
    said.textContent = state;
    said.hidden = !state;
    said.classList.toggle("passing", media.state === "processing");
    return picture;
  }

  #empty(media) {
    const ratio = media.width && media.height ? media.width / media.height : 1;
    const image = make("img", { loading: "lazy", decoding: "async", draggable: false });
    const name = make("span", { className: "name", dir: "auto" });
    const state = make("span", { className: "state" });
    const picture = make("button", { type: "button", className: "picture", tabIndex: -1 }, image, name, state);
    picture.dataset.id = media.id;
    picture.classList.toggle("tall", ratio < NARROWEST);
    picture.style.setProperty("--ratio", Math.min(WIDEST, Math.max(NARROWEST, ratio)).toFixed(4));
    if (media.dominantColor) picture.style.setProperty("--colour", media.dominantColor);
    image.onload = () => {
      image.classList.add("there");
      picture.style.removeProperty("--colour"); // it would show through transparent pictures
    };
    image.onerror = () => {
      picture.style.removeProperty("--colour");
      image.hidden = true;
      picture.append(make("span", { className: "blank", textContent: formatOf(media) }));
    };
    image.src = media.variants.small?.webp ?? media.url;
    return picture;
  }
}

function top(picture) {
  return picture.getBoundingClientRect().top;
}

function middle(picture) {
  const box = picture.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function distance(picture, { x }) {
  return Math.abs(middle(picture).x - x);
}

customElements.define("calotype-grid", CalotypeGrid);
