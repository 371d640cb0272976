// Everything about one picture; what is changed is saved when the field is left.

import { ask } from "./server.js";
import { dayOf, formatOf, sizeInWords, stateExplained } from "./words.js";

class CalotypePanel extends HTMLElement {
  #media = null;

  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("change", ({ target }) => this.#save(target));
    this.form.elements.name.addEventListener("input", () => this.#sayNameless(false));
    this.form.elements.name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.target.blur();
    });
    this.querySelector(".close").addEventListener("click", () => this.close());
  }

  get media() {
    return this.hidden ? null : this.#media;
  }

  show(media, { canEdit }) {
    this.#media = media;
    this.hidden = false;
    this.form.hidden = !canEdit;
    this.#fill(media);
    this.#say("");
    this.#sayNameless(false);
    this.scrollTop = 0;
  }

  refresh(media) {
    if (this.#media?.id !== media.id) return;
    this.#media = media;
    this.#fill(media);
  }

  close() {
    if (this.hidden) return;
    this.hidden = true;
    this.dispatchEvent(new CustomEvent("close", { detail: this.#media }));
  }

  edit() {
    const { name } = this.form.elements;
    name.focus();
    name.select();
  }

  #fill(media) {
    const { visibility } = this.form.elements;
    const asText = this.form.hidden;
    const facts = {
      name: media.name,
      state: stateExplained(media),
      size: `${media.width} × ${media.height} · ${sizeInWords(media.sizeBytes)}`,
      format: formatOf(media),
      fileName: media.file_name,
      bucket: media.bucket,
      added: dayOf(media.createdAt),
      sha256: media.sha256 ?? "",
      altText: asText ? media.altText : "",
      visibility: asText ? visibility.querySelector(`[value=${media.visibility}]`).text : "",
    };
    for (const place of this.querySelectorAll("[data-show]")) this.#tell(place, facts[place.dataset.show]);
    this.#still(media);
    for (const name of ["name", "altText", "visibility"]) {
      const field = this.form.elements[name];
      if (field !== document.activeElement) field.value = media[name];
    }
    this.querySelector("[data-original]")?.setAttribute("href", media.original_url);
  }

  #tell(place, fact) {
    place.textContent = fact;
    place.hidden = !fact;
    if (place.matches("dd")) place.previousElementSibling.hidden = !fact;
  }

  #still(media) {
    const still = this.querySelector("[data-still]");
    const address = media.variants.medium?.webp ?? media.url;
    if (still.getAttribute("src") !== address) {
      still.hidden = false;
      still.onerror = () => (still.hidden = true);
      still.src = address;
    }
    still.alt = media.altText || media.name;
  }

  async #save(field) {
    const media = this.#media;
    const value = field.name === "name" ? field.value.trim() : field.value;
    if (field.required && !value) {
      field.value = media[field.name];
      this.#say("");
      this.#sayNameless(true);
      return;
    }
    if (value === media[field.name]) return;
    this.#say("Saving");
    try {
      const changed = await ask("PATCH", `/api/media/${media.id}`, { [field.name]: value });
      this.refresh(changed);
      this.#say("Saved");
      this.dispatchEvent(new CustomEvent("changed", { detail: changed }));
    } catch (problem) {
      this.#say(problem.message, { failed: true });
    }
  }

  #sayNameless(isTried) {
    this.querySelector("#nameless").hidden = !isTried;
  }

  #say(words, { failed = false } = {}) {
    const saved = this.querySelector(".saved");
    saved.textContent = words;
    saved.classList.toggle("failed", failed);
  }
}

customElements.define("calotype-panel", CalotypePanel);
