// Figures and facts as people read them.

const number = new Intl.NumberFormat("en");
const day = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short" });
const month = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });
const units = ["kB", "MB", "GB", "TB"];

export function sizeInWords(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  let size = bytes / 1000;
  let unit = 0;
  while (Math.round(size) >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${units[unit]}`;
}

export const count = (many, noun) => `${number.format(many)} ${noun}${many === 1 ? "" : "s"}`;
export const dayOf = (text) => day.format(new Date(text));
export const monthOf = (text) => month.format(new Date(text));

export function formatOf(media) {
  return media.mediaType.replace(/^image\//, "").replace(/^svg\+xml$/, "svg").toUpperCase();
}

export function stateOf(media) {
  if (media.state === "processing") return "Reading";
  if (media.state === "unreadable") return "Unreadable";
  return "";
}

export function stateExplained(media) {
  if (media.state === "processing") return "The picture is being read. You can use it already.";
  if (media.state === "unreadable") {
    return "The file is kept, but it cannot be read as a picture. It may be damaged: compare it with where it came from.";
  }
  return "";
}
