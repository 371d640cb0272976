// A button that ends the session, or all of them.

import { ask } from "./server.js";

class CalotypeSignOut extends HTMLElement {
  connectedCallback() {
    const everywhere = this.hasAttribute("everywhere");
    this.querySelector("button").addEventListener("click", async ({ currentTarget }) => {
      currentTarget.disabled = true;
      try {
        await ask("DELETE", `/api/session${everywhere ? "?everywhere=true" : ""}`);
        location.assign("/");
      } catch (problem) {
        currentTarget.disabled = false;
        currentTarget.textContent = problem.message;
      }
    });
  }
}

customElements.define("calotype-sign-out", CalotypeSignOut);
