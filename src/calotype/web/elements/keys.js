// The keyboard: one key, one thing.

const WRITING = "input, textarea, select";

export function bindKeys({ grid, panel, preview, toast, search, uploads, help, choose, look, trash }) {
  const current = () => panel.media ?? (grid.contains(document.activeElement) ? grid.focused : null);
  const withCurrent = (act) => () => current() && act(current());
  const toggle = (media) => (preview.open ? preview.close() : look(media));
  const keys = {
    "/": () => search?.elements.query.select(),
    "?": () => help.showModal(),
    ArrowRight: () => grid.step(1),
    ArrowLeft: () => grid.step(-1),
    j: () => grid.step(1),
    k: () => grid.step(-1),
    ArrowDown: () => grid.row(1),
    ArrowUp: () => grid.row(-1),
    " ": withCurrent(toggle),
    Enter: withCurrent(choose),
    e: withCurrent((media) => {
      choose(media);
      panel.edit();
    }),
    z: () => toast.undo(),
    u: () => uploads?.open(),
    Escape: () => (preview.open ? preview.close() : panel.close()),
  };
  if (trash) keys.Delete = keys.Backspace = withCurrent(trash);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.matches(WRITING)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = keys[event.key];
    if (!act || isPressing(event, grid)) return;
    event.preventDefault();
    act();
  });
}

function isPressing({ key, target }, grid) {
  // Space and Enter press a button or follow a link, except on pictures.
  return (key === " " || key === "Enter") && target.matches("button, a, summary") && !grid.contains(target);
}
