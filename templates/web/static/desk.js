// The desk a little quicker: forms are sent without leaving the place on the page, and keys act on the story that has
// the focus. Everything works without this file.
"use strict";

const fresh = (page, chosen) => {
  const [now, then] = [document.querySelector(chosen), page.querySelector(chosen)];
  if (now && then) now.replaceChildren(...then.childNodes);
};

// Which button of which story was pressed, so that the focus can go back to it.
const remembered = (form, button) => {
  const story = form.querySelector("[name=story]");
  return { story: story ? story.value : "", act: button ? button.value.split(":")[0] : "" };
};

const focusAgain = ({ story, act }, anchor) => {
  const card = document.getElementById(`s-${story}`) || (anchor && document.getElementById(anchor));
  const back = { pin: "unpin", unpin: "pin", drop: "restore", restore: "pin" }[act];
  const buttons = card ? [...card.querySelectorAll("button[name=act]")] : [];
  const same = [act, back].map((one) => buttons.find((button) => button.value.split(":")[0] === one));
  const target = same.find((button) => button && button.offsetParent) || card;
  if (target) target.focus({ preventScroll: same.includes(target) });
};

const send = async (form, button) => {
  const place = remembered(form, button);
  const open = [...document.querySelectorAll(".draft details[open]")].map((one) => `${one.closest("[id]").id} ${one.className}`);
  const values = new URLSearchParams(new FormData(form, button));
  const answer = await fetch(form.action, { method: "POST", body: values });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || !page.querySelector(".draft")) {
    // A session that has ended, or a fault of ours: the page says which.
    location.assign(answer.redirected ? answer.url : location.href);
    return;
  }
  const [across, down] = [scrollX, scrollY];
  for (const part of [".draft", ".subject", ".findings"]) fresh(page, part);
  document.title = page.title;
  for (const drawer of document.querySelectorAll(".draft details")) {
    drawer.open = !drawer.matches(".words") && open.includes(`${drawer.closest("[id]").id} ${drawer.className}`);
  }
  for (const frame of document.querySelectorAll(".frames iframe")) frame.src = frame.getAttribute("src");
  scrollTo(across, down);
  focusAgain(place, decodeURIComponent(new URL(answer.url).hash.slice(1)));
  // Last: a status is read out when it changes.
  fresh(page, ".said");
  ready();
};

document.addEventListener("submit", (event) => {
  if (!event.target.closest(".draft, .proof") || !document.querySelector(".draft")) return;
  event.preventDefault();
  send(event.target, event.submitter).catch(() => event.target.submit());
});

const steps = { j: 1, k: -1 };
const acts = { p: ["pin", "unpin"], x: ["drop"] };

const step = (card, by) => {
  const cards = [...document.querySelectorAll(".draft .card")];
  const next = cards[card ? cards.indexOf(card) + by : 0];
  if (next) next.focus();
};

const press = (card, key) => {
  const buttons = [...card.querySelectorAll(".acts button[name=act]")];
  const number = Number(card.dataset.place || 0);
  if (key === "m") card.querySelector(".mark input")?.click();
  else if (acts[key]) buttons.find((button) => acts[key].includes(button.value))?.click();
  else buttons.find((button) => button.value === `place:${number + (key === "u" ? -1 : 1)}`)?.click();
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  // Keys act only where a story has the focus, so that nobody's voice or other tools press them by accident.
  const card = event.target.closest(".draft .card");
  if (event.key in steps && (card || event.target.closest(".draft"))) step(card, steps[event.key]);
  else if (card && "pxudm".includes(event.key)) press(card, event.key);
  else return;
  event.preventDefault();
});

const ready = () => {
  const hint = document.getElementById("keys");
  if (hint) hint.hidden = false;
};
ready();
