// One line about what was just done, with the way back.

import { make } from "./dom.js";

const SECONDS = 12;

class CalotypeToast extends HTMLElement {
  #steps = [];
  #leaving;

  say(words, { name = "", undo } = {}) {
    // Words about *name*, which is cut where it is long; with *undo*, `z` and the button go back.
    if (undo) this.#steps.push(undo);
    const button = make("button", { type: "button", textContent: "Undo", onclick: () => this.undo() });
    const told = make("p", {}, ...(name ? [make("span", { textContent: name })] : []), words);
    this.replaceChildren(told, ...(undo ? [button] : []));
    this.hidden = false;
    clearTimeout(this.#leaving);
    this.#leaving = setTimeout(() => (this.hidden = true), SECONDS * 1000);
  }

  async undo() {
    const step = this.#steps.pop();
    if (!step) return;
    this.hidden = true;
    try {
      const { words, name } = await step();
      this.say(words, { name });
    } catch (problem) {
      this.say(problem.message, { undo: step });
    }
  }
}

customElements.define("calotype-toast", CalotypeToast);
