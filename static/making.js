// Making a token: a choice shows its fields at once, and what was made can be copied. Everything works without this file.
document.documentElement.classList.add("scripted");
const form = () => document.querySelector("#make-form");
const asIs = () => JSON.stringify([...new FormData(form())]);

// A little after a choice, for a list is chosen from by typing too. An answer that comes when more was typed is out of
// date: it would take that away, so it is dropped and asked for again.
let waiting;
let looking = "";
const look = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    looking = asIs();
    form().dispatchEvent(new Event("look"));
  }, 300);
};
document.addEventListener("change", (event) => {
  if (event.target.form?.id === "make-form" && event.target.matches("[name=kind], [name=alg], [name=encrypt]")) look();
});
let pressed = "";
document.addEventListener("submit", (event) => {
  clearTimeout(waiting);
  looking = "";
  if (event.target === form()) pressed = event.submitter?.value ?? "";
}, true);
let before; // what was made, while another answer is put in its place
document.addEventListener("htmx:before:swap", (event) => {
  if (looking && looking !== asIs()) {
    event.preventDefault();
    look();
  }
  looking = "";
  before = document.querySelector(".making .col-c:has(#the-token)");
});

// What was made stays until something else is, and says so when it no longer is what the fields say.
let madeOf = asIs();
const compare = () => {
  const says = document.querySelector("#the-stale");
  if (says) says.hidden = madeOf === asIs();
};
document.addEventListener("input", compare);
document.addEventListener("change", compare);
document.addEventListener("htmx:after:swap", () => {
  const made = document.querySelector("#the-result");
  if (!made && before) document.querySelector(".making .col-c").replaceWith(before);
  if (made) madeOf = asIs();
  before = undefined;
  compare();
  // Reading goes on at what was made, or in the row that was added.
  if (made && pressed === "make") {
    made.focus({ preventScroll: true });
    const at = made.getBoundingClientRect();
    if (at.top < 0 || at.bottom > innerHeight / 2) made.closest("section").scrollIntoView();
  }
  if (pressed === "row") [...document.querySelectorAll("[name=name]")].at(-1)?.focus();
  pressed = "";
});

// A key that was made here stands nowhere else: until it was copied, leaving the page is asked about.
const copied = new Set();
const keep = (element) => copied.add(element.closest("[data-thumbprint]")?.dataset.thumbprint ?? element.dataset.fresh);
document.addEventListener("copy", (event) => {
  const from = getSelection().anchorNode?.parentElement;
  const held = event.target.closest?.("[data-fresh]") ?? from?.closest(".key-form:has([data-keeps])");
  if (held) keep(held);
});
addEventListener("beforeunload", (event) => {
  const fields = [...document.querySelectorAll("[data-fresh]")].filter((each) => each.value === each.defaultValue);
  const shown = [...document.querySelectorAll("[data-thumbprint]")];
  const fresh = [...fields.map((each) => each.dataset.fresh), ...shown.map((each) => each.dataset.thumbprint)];
  if (fresh.some((each) => !copied.has(each))) event.preventDefault();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const says = document.querySelector("#said");
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    says.textContent = button.textContent = "Copied";
    if ("keeps" in button.dataset) keep(button);
  } catch {
    says.textContent = button.textContent = "This browser does not let a page copy";
  }
});
