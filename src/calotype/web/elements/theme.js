// Light or dark as it was chosen here before, set before anything is drawn.
(() => {
  const chosen = localStorage.getItem("calotype-theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
})();
