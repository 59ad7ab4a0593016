"use strict";
// Fetches each part of the overview anew, every so many seconds. Without a script the page shows
// what was so when it was loaded.

const OPEN = "details[open][id]";

async function renewed(part) {
  const answer = await fetch(`/part/${part.id}`, { signal: AbortSignal.timeout(10000) });
  if (answer.status === 401) location.assign("/login");
  if (!answer.ok) throw new Error(answer.statusText);
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content.firstElementChild;
}

async function renew(part) {
  let fresh = part;
  try {
    // Whoever is at a button or a table here, by keyboard, is not thrown out.
    if (!document.hidden && !part.contains(document.activeElement)) {
      fresh = await renewed(part);
      for (const opened of part.querySelectorAll(OPEN)) {
        fresh.querySelector(`#${opened.id}`)?.setAttribute("open", "");
      }
      if (part.contains(document.activeElement)) fresh = part;
      else part.replaceWith(fresh);
    }
    fresh.classList.remove("stale");
  } catch {
    part.classList.add("stale");
    fresh = part;
  }
  setTimeout(renew, 1000 * fresh.dataset.every, fresh);
}

for (const part of document.querySelectorAll(".part")) {
  setTimeout(renew, 1000 * part.dataset.every, part);
}
