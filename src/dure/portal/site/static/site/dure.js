// Conveniences only: every page and form works without this file.
"use strict";
(() => {
  // An opened menu closes on Escape and on a click elsewhere.
  const menus = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  // After a refused form the reader starts at the summary of what is wrong.
  const errors = document.querySelector(".errors");
  if (errors) errors.focus();

  // A form that is being saved as it is typed is sent when that has ended: the saving would overtake it otherwise.
  const saving = new Set();
  const waiting = new Map();
  const saved = (event) => event.detail?.ctx?.sourceElement ?? event.target;
  document.addEventListener("htmx:before:request", (event) => saving.add(saved(event)));
  document.addEventListener("htmx:finally:request", (event) => {
    const form = saved(event);
    saving.delete(form);
    if (!waiting.has(form)) return;
    const button = waiting.get(form);
    waiting.delete(form);
    setTimeout(() => form.requestSubmit(button), 50);
  });
  document.addEventListener("submit", (event) => {
    if (!saving.has(event.target)) return;
    event.preventDefault();
    waiting.set(event.target, event.submitter);
  }, true);

  // A file that is too large is told before it is sent: the refusal of the whole form would lose what was typed in it.
  document.addEventListener("submit", (event) => {
    for (const input of event.target.querySelectorAll("input[data-most-bytes]")) {
      const field = input.closest(".field");
      const before = field.querySelector("[data-told]");
      if (before) {
        before.remove();
        field.classList.remove("wrong");
      }
      const bytes = Array.from(input.files).reduce((sum, file) => sum + file.size, 0);
      if (bytes <= Number(input.dataset.mostBytes)) continue;
      event.preventDefault();
      const told = document.createElement("p");
      told.className = "field-error";
      told.dataset.told = "";
      told.setAttribute("role", "alert");
      told.textContent = input.dataset.tooLarge;
      field.classList.add("wrong");
      input.before(told);
      input.focus();
    }
  }, true);

  // A form is sent once: a second click while it is on its way does nothing. It is free again after a while
  // (the answer may have been a file) and on coming back by history.
  const sent = new Set();
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post" || event.defaultPrevented) return;
    if (sent.has(event.target)) event.preventDefault();
    sent.add(event.target);
    setTimeout(() => sent.delete(event.target), 5000);
  });
  window.addEventListener("pageshow", () => sent.clear());

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  for (const button of document.querySelectorAll("[data-print]")) button.hidden = false;

  // Requests by htmx carry the token that plain forms carry as a field.
  document.addEventListener("htmx:config:request", (event) => {
    const field = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (field) event.detail.ctx.request.headers["X-CSRFToken"] = field.value;
  });
})();
