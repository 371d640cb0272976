// Files on their way in: dropped, chosen or pasted; a line for each, three at a time.

import { make } from "./dom.js";
import { newKey, send } from "./sending.js";
import { Problem } from "./server.js";
import { sizeInWords } from "./words.js";

const AT_A_TIME = 3;
const SHOWABLE = /^image\/(jpeg|png|gif|webp|avif|svg\+xml)$/;

class CalotypeUploads extends HTMLElement {
  #uploads = [];
  #running = 0;

  connectedCallback() {
    this.input = this.querySelector("input");
    this.section = this.querySelector("section");
    this.input.addEventListener("change", () => {
      this.add([...this.input.files]);
      this.input.value = "";
    });
    this.querySelector(".close").addEventListener("click", () => this.#clear());
    this.#receiveDrops();
    document.addEventListener("paste", ({ clipboardData }) => this.add([...clipboardData.files]));
    window.addEventListener("beforeunload", (event) => {
      if (this.#running) event.preventDefault();
    });
  }

  get #list() {
    return this.section.querySelector("ul");
  }

  open() {
    this.input.click();
  }

  add(files) {
    if (!files.length) return;
    const added = files.map((file) => this.#line(file));
    this.#uploads.push(...added);
    this.#list.prepend(...added.map(({ line }) => line));
    this.#list.scrollTop = 0;
    this.section.hidden = false;
    this.#next();
  }

  #receiveDrops() {
    const place = this.querySelector(".drop-here");
    const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      place.hidden = false;
    });
    document.addEventListener("dragleave", ({ relatedTarget }) => {
      if (!relatedTarget) place.hidden = true;
    });
    document.addEventListener("drop", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      place.hidden = true;
      this.add([...event.dataTransfer.files]);
    });
  }

  #line(file) {
    const shown = SHOWABLE.test(file.type);
    const still = shown ? this.#still(file) : noStill();
    const how = make("span", { className: "how", textContent: "Waiting" });
    const line = make("li", { className: "file" }, still,
      make("span", { className: "what", textContent: file.name, title: file.name }),
      make("span", { className: "bytes", textContent: sizeInWords(file.size) }), how);
    return { file, line, how, key: newKey(), state: "waiting", sent: 0 };
  }

  #still(file) {
    const still = make("img", { alt: "", src: URL.createObjectURL(file) });
    still.onload = () => URL.revokeObjectURL(still.src);
    still.onerror = () => {
      URL.revokeObjectURL(still.src);
      still.replaceWith(noStill());
    };
    return still;
  }

  #next() {
    this.#summarise();
    const waiting = this.#uploads.find(({ state }) => state === "waiting");
    if (!waiting || this.#running >= AT_A_TIME) return;
    this.#send(waiting);
    this.#next();
  }

  async #send(upload) {
    this.#running += 1;
    upload.state = "sending";
    upload.line.classList.remove("failed");
    upload.how.textContent = "Sending";
    try {
      this.#refuseEarly(upload.file);
      const media = await send(upload.file, upload.key, (part) => this.#sent(upload, part));
      this.#arrived(upload, media);
    } catch (problem) {
      this.#failed(upload, problem);
    }
    this.#running -= 1;
    this.#next();
  }

  #refuseEarly(file) {
    const limit = Number(this.dataset.limit);
    if (file.size === 0) throw new Problem("The file is empty.", "", 422);
    if (file.size > limit) throw new Problem(`The file is larger than ${sizeInWords(limit)}.`, "", 413);
  }

  #sent(upload, part) {
    upload.sent = part;
    const bytes = `${sizeInWords(Math.round(part * upload.file.size))} of ${sizeInWords(upload.file.size)}`;
    upload.how.textContent = part < 1 ? `Sending, ${bytes}` : "Sent, being kept";
    this.#summarise();
  }

  #arrived(upload, media) {
    upload.state = media.deduplicated ? "known" : "new";
    upload.sent = 1;
    const show = make("button", { type: "button", textContent: "Show" });
    show.onclick = () => this.dispatchEvent(new CustomEvent("show", { detail: media }));
    upload.how.replaceChildren(media.deduplicated ? "Already here, kept once" : "Kept", show);
    this.dispatchEvent(new CustomEvent("arrived", { detail: media }));
  }

  #failed(upload, problem) {
    upload.state = "failed";
    upload.sent = 0;
    upload.line.classList.add("failed");
    this.#list.prepend(upload.line);
    upload.how.textContent = problem.message;
    if (!problem.mayTryAgain) return;
    const again = make("button", { type: "button", textContent: "Try again" });
    again.onclick = () => {
      upload.state = "waiting";
      this.#next();
    };
    upload.how.append(again);
  }

  #summarise() {
    const number = (...states) => this.#uploads.filter(({ state }) => states.includes(state)).length;
    const left = number("waiting", "sending");
    const parts = [[number("new"), "new"], [number("known"), "already here"], [number("failed"), "failed"]];
    const ended = parts.filter(([many]) => many).map(([many, what]) => `${many} ${what}`).join(", ");
    const words = left ? `Uploading ${this.#uploads.length - left + 1} of ${this.#uploads.length}` : ended;
    this.section.querySelector("h2").textContent = words;
    const progress = this.section.querySelector("progress");
    const total = this.#uploads.reduce((sum, { file }) => sum + file.size, 0);
    const done = this.#uploads.reduce((sum, { file, sent, state }) => sum + file.size * (state === "failed" ? 1 : sent), 0);
    progress.value = total ? done / total : 1;
    progress.hidden = !left;
  }

  #clear() {
    // What is still on its way stays in sight.
    for (const { line, state } of this.#uploads) {
      if (!["waiting", "sending"].includes(state)) line.remove();
    }
    this.#uploads = this.#uploads.filter(({ state }) => ["waiting", "sending"].includes(state));
    this.section.hidden = !this.#uploads.length;
  }
}

function noStill() {
  return make("span", { className: "still-none" });
}

customElements.define("calotype-uploads", CalotypeUploads);
