// A form that is sent as JSON; what is refused is said in its place.

import { ask } from "./server.js";

class CalotypeForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  async #send() {
    this.#say("trouble", "");
    const button = this.form.querySelector("button.primary");
    button.disabled = true;
    try {
      await ask(this.getAttribute("method"), this.getAttribute("action"), this.#body());
      this.#goOn();
    } catch (problem) {
      this.#say("trouble", problem.message);
      this.form.querySelector("input[type=password]").select();
    } finally {
      button.disabled = false;
    }
  }

  #body() {
    const told = [...this.form.elements].filter(
      (field) => field.name && !("unsent" in field.dataset) && (field.value || !("optional" in field.dataset)),
    );
    return Object.fromEntries(told.map((field) => [field.name, field.value]));
  }

  #goOn() {
    const next = this.getAttribute("next");
    if (next === "reload") location.reload();
    else if (next === "said") {
      this.form.reset();
      this.#say("done", this.getAttribute("said"));
    } else location.assign(next);
  }

  #say(place, words) {
    const said = this.form.querySelector(`.${place}`);
    if (!said) return;
    said.textContent = words;
    said.hidden = !words;
  }
}

customElements.define("calotype-form", CalotypeForm);
