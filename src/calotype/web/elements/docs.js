// Searching the reference, and copying its examples.

import { count } from "./words.js";

const find = document.getElementById("find");
const found = document.getElementById("found");
const contents = document.querySelector(".contents");
const articles = [...document.querySelectorAll("article[id]")];
const texts = new Map(articles.map((article) => [article, article.textContent.toLowerCase()]));

function search() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = articles.filter((article) => words.every((word) => texts.get(article).includes(word)));
  for (const article of articles) article.hidden = !matching.includes(article);
  for (const line of contents.querySelectorAll("li")) {
    line.hidden = document.getElementById(line.dataset.for)?.hidden ?? false;
  }
  for (const group of document.querySelectorAll(".group")) group.hidden = !group.querySelector("article:not([hidden])");
  for (const part of contents.querySelectorAll("nav > div")) {
    part.hidden = words.length > 0 && !part.querySelector("li:not([hidden])");
  }
  contents.classList.toggle("searching", words.length > 0);
  found.textContent = words.length ? `${count(matching.length, "place")} found` : "";
}

find.addEventListener("input", search);
find.form.addEventListener("submit", (event) => event.preventDefault());

contents.addEventListener("click", ({ target }) => {
  const chosen = target.closest("a[href^='#']");
  if (chosen) document.querySelector(chosen.hash)?.removeAttribute("hidden");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== find) {
    event.preventDefault();
    find.focus();
  } else if (event.key === "Escape" && document.activeElement === find) {
    find.value = "";
    search();
  }
});

for (const button of document.querySelectorAll("[data-copy-example]")) {
  if (!navigator.clipboard) button.hidden = true;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
}
