// A rating of one to five, as five buttons.

import { el } from "./dom.js";

const MOST = 5;

/** Buttons that call `rate(number)`; pressing the one that counts takes the rating away. */
export function stars(rating, texts, rate) {
  const buttons = [];
  const box = el("span", { class: "stars", role: "group", "aria-label": texts.rating });
  const show = (value) => {
    rating = value;
    buttons.forEach((button, index) => {
      button.textContent = index < value ? "★" : "☆";
      button.setAttribute("aria-pressed", String(index + 1 === value));
    });
  };
  for (let number = 1; number <= MOST; number += 1) {
    const choose = () => rate(number === rating ? 0 : number);
    buttons.push(el("button", { type: "button", class: "star", "aria-label": texts.stars(number), onclick: choose }));
  }
  box.append(...buttons);
  show(rating);
  return { box, show };
}
