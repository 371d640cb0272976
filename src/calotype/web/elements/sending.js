// Sending one file, with its bytes counted on the way.

import { problemOf, unreachable } from "./server.js";

export function send(file, key, onBytes) {
  // Resolve to the new media; the same *key* again gives the same media again.
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/media");
    request.setRequestHeader("Idempotency-Key", key);
    request.upload.onprogress = ({ loaded, total }) => onBytes(total ? Math.min(1, loaded / total) : 0);
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText));
      else reject(problemOf(request.status, request.responseText));
    };
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
