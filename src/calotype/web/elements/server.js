// Asking the server; what goes wrong comes back in words.

export class Problem extends Error {
  constructor(title, detail = "", status = 0) {
    super(detail && detail !== title ? `${title} ${detail}` : title);
    this.title = title;
    this.status = status;
  }

  get mayTryAgain() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export async function ask(method, address, body, options = {}) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body && JSON.stringify(body), ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreachable();
  }
  const text = await answer.text();
  if (!answer.ok) throw problemOf(answer.status, text);
  return text ? JSON.parse(text) : null;
}

export function unreachable() {
  return new Problem("calotype cannot be reached.", "What was saved is safe. Try again in a moment.");
}

export function problemOf(status, text) {
  if (status === 401 && !text.includes("sign-in-refused")) {
    return new Problem("You were signed out.", "Load this page again to sign in.", status);
  }
  try {
    const told = JSON.parse(text);
    const fields = (told.errors ?? []).map(({ field, message }) => `${field}: ${message}`);
    return new Problem(told.title, fields.join("; ") || told.detail, status);
  } catch {
    return new Problem("The answer cannot be read.", `It has the status ${status}.`, status);
  }
}
