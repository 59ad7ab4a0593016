"use strict";
// Draws what `agender-edge aim --page` shows, and lets zones and lines be moved. Nothing of it is
// kept: boxes are drawn over by the next look, and gone with the page.

const WIDE = 1600;
const EVERY_MS = 250;
const STEP = 0.01;
const FAR_STEP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LEAST = { zones: 3, lines: 2 };

const board = document.querySelector("#aim");
const view = document.querySelector("#aim-view");
const nameField = document.querySelector("#aim-name");
const useField = document.querySelector("#aim-use");
const word = (key) => board.dataset[key];

let code = "";
let high = 900;
let places = null; // [{kind, name, spots, more}]; none before the first answer
let chosen = null;
let corner = 0;
let changed = false;

function made(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

const layer = (name) => view.querySelector(`.${name}`);
const say = (text) => (document.querySelector("#aim-said").textContent = text);
const within = (share) => Math.round(Math.min(Math.max(share, 0), 1) * 10000) / 10000;
const drawn = ([x, y]) => [x * WIDE, y * high];

// Places, as the configuration has them.

function placesOf(space) {
  const zones = space.zones.map(({ name, polygon, ...more }) => ({ kind: "zones", name, spots: polygon, more }));
  const lines = space.lines.map(({ name, start, end, ...more }) => ({ kind: "lines", name, spots: [start, end], more }));
  return [...zones, ...lines];
}

function spaceOf() {
  const space = { zones: [], lines: [] };
  for (const { kind, name, spots, more } of places) {
    const where = kind === "zones" ? { polygon: spots } : { start: spots[0], end: spots[1] };
    space[kind].push({ name, ...where, ...more });
  }
  return space;
}

function freshName(word, kind) {
  for (let number = 1; ; number += 1) {
    const name = `${word}_${number}`;
    if (!places.some((each) => each.kind === kind && each.name === name)) return name;
  }
}

function begun(kind, name, spots, more) {
  places.push({ kind, name, spots, more });
  choose(places.at(-1), 0);
}

const DO = {
  zone: () => begun("zones", freshName("zone", "zones"), [[0.35, 0.35], [0.65, 0.35], [0.65, 0.65], [0.35, 0.65]], { use: "count" }),
  line: () => begun("lines", freshName("line", "lines"), [[0.5, 0.3], [0.5, 0.7]], {}),
  corner: () => {
    if (chosen?.kind !== "zones") return;
    const [one, other] = [chosen.spots[corner], chosen.spots[(corner + 1) % chosen.spots.length]];
    chosen.spots.splice(corner + 1, 0, [within((one[0] + other[0]) / 2), within((one[1] + other[1]) / 2)]);
    corner += 1;
  },
  uncorner: () => {
    if (!chosen || chosen.spots.length <= LEAST[chosen.kind]) return;
    chosen.spots.splice(corner, 1);
    corner %= chosen.spots.length;
  },
  turn: () => chosen?.kind === "lines" && chosen.spots.reverse(),
  delete: () => {
    places = places.filter((each) => each !== chosen);
    choose(places[0] ?? null, 0);
  },
};

function choose(place, at) {
  chosen = place;
  corner = at;
  nameField.value = place?.name ?? "";
  nameField.disabled = !place;
  useField.value = place?.more.use ?? "count";
  useField.disabled = place?.kind !== "zones";
}

function change(act) {
  if (places === null) return;
  act();
  changed = true;
  say(word("unwritten"));
  drawPlaces();
}

function move(x, y) {
  chosen.spots[corner] = [within(x), within(y)];
}

// Drawing.

function drawPlaces() {
  const held = document.activeElement?.classList.contains("handle");
  layer("places").replaceChildren(...places.flatMap(shapesOf));
  if (held) view.querySelector(".handle.chosen")?.focus();
}

function shapesOf(place) {
  const points = place.spots.map((spot) => drawn(spot).join(",")).join(" ");
  const tag = place.kind === "zones" ? "polygon" : "polyline";
  const use = place.kind === "zones" ? place.more.use : "line";
  const here = place === chosen ? " chosen" : "";
  const [x, y] = drawn(place.spots[0]);
  const shapes = [made(tag, { points, class: `place ${use}${here}` }), made("text", { x: x + 16, y: y - 12, class: "name" }, place.name)];
  if (place.kind === "lines") shapes.push(...sidesOf(place.spots));
  return [...shapes, ...place.spots.map((spot, at) => handleOf(place, spot, at))];
}

// "in" is to the left of who walks from start to end.
function sidesOf([start, end]) {
  const [[a, b], [c, d]] = [drawn(start), drawn(end)];
  const long = Math.max(Math.hypot(c - a, d - b), 1);
  const [left, up] = [((d - b) / long) * 60, (-(c - a) / long) * 60];
  const [x, y] = [(a + c) / 2, (b + d) / 2];
  return [made("text", { x: x + left, y: y + up, class: "side" }, word("in")), made("text", { x: x - left, y: y - up, class: "side" }, word("out"))];
}

function handleOf(place, spot, at) {
  const [cx, cy] = drawn(spot);
  const here = place === chosen && at === corner;
  const label = word("corner").replace("{corner}", at + 1).replace("{name}", place.name);
  const handle = made("circle", { cx, cy, r: 18, class: `handle${here ? " chosen" : ""}`, tabindex: 0, role: "button", "aria-label": label });
  handle.addEventListener("focus", () => {
    if (place === chosen && at === corner) return;
    choose(place, at);
    drawPlaces();
  });
  handle.addEventListener("pointerdown", (event) => {
    choose(place, at);
    drawPlaces();
    view.setPointerCapture(event.pointerId);
    view.dragging = true;
    event.preventDefault();
  });
  return handle;
}

function drawSight(sight) {
  if (sight && sight.height / sight.width !== high / WIDE) {
    high = Math.round((WIDE * sight.height) / sight.width);
    view.setAttribute("viewBox", `0 0 ${WIDE} ${high}`);
    drawPlaces();
  }
  layer("faces").replaceChildren(...(sight?.faces ?? []).flatMap((face) => boxOf(face, WIDE / sight.width)));
}

function boxOf([left, top, width, height, verdict], by) {
  const box = { x: left * by, y: top * by, width: width * by, height: height * by, class: `face ${verdict}` };
  return [made("rect", box), made("text", { x: box.x, y: Math.max(box.y - 8, 30), class: "verdict" }, word(verdict))];
}

function inWords({ sight, ends_in_s }) {
  if (!sight) return word("blind");
  const found = {};
  for (const face of sight.faces) found[face[4]] = (found[face[4]] ?? 0) + 1;
  const faces = Object.entries(found).map(([verdict, number]) => `${number} ${word(verdict)}`).join(", ");
  const time = `${Math.floor(ends_in_s / 60)}:${String(ends_in_s % 60).padStart(2, "0")}`;
  const view = word("light").replace("{light}", sight.light).replace("{moving}", sight.moving).replace("{time}", time);
  return [sight.trouble && word(sight.trouble), faces || word("nobody"), view].filter(Boolean).join("; ");
}

// To the device and back.

async function asked(path, more = {}) {
  const body = new URLSearchParams({ token: word("token"), code, ...more });
  const answer = await fetch(path, { method: "POST", body });
  if (answer.status === 401) location.assign("/login");
  if (!answer.headers.get("Content-Type")?.startsWith("application/json")) throw new Error(await answer.text());
  const told = await answer.json();
  if (told.type === "refused") throw new Error(told.error);
  return told;
}

async function look() {
  let wait_ms = EVERY_MS;
  try {
    if (!document.hidden) {
      const told = await asked("/aim/look");
      if (places === null) {
        places = placesOf(told.space);
        choose(places[0] ?? null, 0);
        drawPlaces();
        say("");
      }
      drawSight(told.sight);
      document.querySelector("#aim-seen").textContent = inWords(told);
    }
  } catch (error) {
    drawSight(null);
    document.querySelector("#aim-seen").textContent = error.message || word("lost");
    wait_ms = 2000;
  }
  setTimeout(look, wait_ms);
}

async function write() {
  try {
    await asked("/aim/keep", { space: JSON.stringify(spaceOf()) });
    changed = false;
    say(word("written"));
  } catch (error) {
    say(error.message || word("lost"));
  }
}

function begin() {
  code = location.hash.slice(1);
  if (!/^[0-9a-f]{16}$/.test(code)) return;
  document.querySelector("#aim-begin").hidden = true;
  board.hidden = false;
  view.replaceChildren(made("g", { class: "faces" }), made("g", { class: "places" }));
  view.addEventListener("pointermove", (event) => {
    if (!view.dragging) return;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(view.getScreenCTM().inverse());
    change(() => move(at.x / WIDE, at.y / high));
  });
  for (const over of ["pointerup", "pointercancel"]) view.addEventListener(over, () => (view.dragging = false));
  view.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way || !chosen || !event.target.classList.contains("handle")) return;
    event.preventDefault();
    const step = event.shiftKey ? FAR_STEP : STEP;
    const [x, y] = chosen.spots[corner];
    change(() => move(x + way[0] * step, y + way[1] * step));
  });
  nameField.addEventListener("input", () => chosen && change(() => (chosen.name = nameField.value)));
  useField.addEventListener("change", () => chosen && change(() => (chosen.more.use = useField.value)));
  for (const button of board.querySelectorAll("[data-do]")) {
    button.addEventListener("click", () => (button.dataset.do === "write" ? places && write() : change(DO[button.dataset.do])));
  }
  addEventListener("beforeunload", (event) => changed && event.preventDefault());
  look();
}

addEventListener("hashchange", () => location.reload());
if (board) begin();
