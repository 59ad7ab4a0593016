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

// Whoever is at a button or a table here, by keyboard, is not thrown out: what is around it is put
// in its place, where there is as much of it as before.
function put(fresh, part) {
  const here = document.activeElement;
  if (!part.contains(here)) {
    part.replaceWith(fresh);
    return fresh;
  }
  const [before, after] = [[...part.children], [...fresh.children]];
  if (before.length === after.length) {
    before.forEach((child, place) => child.contains(here) || child.replaceWith(after[place]));
  }
  return part;
}

async function renew(part) {
  let fresh = part;
  try {
    if (!document.hidden) {
      fresh = await renewed(part);
      for (const opened of part.querySelectorAll(OPEN)) {
        fresh.querySelector(`#${opened.id}`)?.setAttribute("open", "");
      }
      fresh = put(fresh, part);
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

// On paper nothing can be opened.
const shut = new Set();
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) {
    shut.add(each);
    each.open = true;
  }
});
addEventListener("afterprint", () => {
  for (const each of shut) each.open = false;
  shut.clear();
});
