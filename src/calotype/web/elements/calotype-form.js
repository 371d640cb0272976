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
    this.#complain("");
    const button = this.form.querySelector("button.primary");
    button.disabled = true;
    try {
      await ask(this.getAttribute("method"), this.getAttribute("action"), this.#body());
      this.#goOn();
    } catch (problem) {
      this.#complain(problem.message);
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
    else location.assign(next);
  }

  #complain(words) {
    const trouble = this.form.querySelector(".trouble");
    trouble.textContent = words;
    trouble.hidden = !words;
  }
}

customElements.define("calotype-form", CalotypeForm);
