// Reloads the page when something else is to be shown, and keeps each frame where it was scrolled to.
"use strict";

const root = document.documentElement;
const frames = [...document.querySelectorAll("iframe")];

function place(frame) {
  return `scroll ${frame.getAttribute("src").split("?")[0]} ${frame.dataset.width || ""}`;
}

function settle(frame) {
  const inside = frame.contentDocument && frame.contentDocument.documentElement;
  if (!inside) return;
  // The border and a scroll bar take their width from the letter; give it back.
  if (frame.dataset.width) {
    frame.style.width = `${Number(frame.dataset.width) + frame.offsetWidth - inside.clientWidth}px`;
  }
  frame.contentWindow.scrollTo(0, Number(sessionStorage.getItem(place(frame)) || 0));
}

for (const frame of frames) {
  frame.addEventListener("load", () => settle(frame));
  if (frame.contentDocument && frame.contentDocument.readyState === "complete") settle(frame);
}

addEventListener("pagehide", () => {
  for (const frame of frames) {
    if (frame.contentWindow) sessionStorage.setItem(place(frame), String(frame.contentWindow.scrollY));
  }
});

const events = new EventSource("/events");
events.onmessage = (event) => {
  if (event.data !== root.dataset.version) location.reload();
};
events.onopen = () => root.classList.remove("alone");
events.onerror = () => root.classList.add("alone");
