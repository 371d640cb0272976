// The switch between light, dark, and what the system says.

import { make } from "./dom.js";

const choices = [["", "Auto"], ["light", "Light"], ["dark", "Dark"]];

class CalotypeTheme extends HTMLElement {
  connectedCallback() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Colours");
    this.replaceChildren(...choices.map(([theme, label]) => this.#button(theme, label)));
    this.#show();
  }

  #button(theme, label) {
    const choose = () => {
      if (theme) localStorage.setItem("calotype-theme", theme);
      else localStorage.removeItem("calotype-theme");
      this.#show();
    };
    return make("button", { type: "button", value: theme, textContent: label, onclick: choose });
  }

  #show() {
    const chosen = localStorage.getItem("calotype-theme") ?? "";
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    for (const button of this.children) button.setAttribute("aria-pressed", button.value === chosen);
  }
}

customElements.define("calotype-theme", CalotypeTheme);
