// Keys for the walk, a projector's blank screen, and what is said aloud. Everything works without this file.
const page = document.documentElement;
const presenting = () => page.classList.contains("present");
// Presses what is there, and says whether anything was: a key that does nothing keeps its own meaning.
const press = (selector) => {
  const control = document.querySelector(selector);
  control?.click();
  return Boolean(control);
};
let walkedAt = 0;
const walk = (selector) => {
  // A clicker bounces: two presses at once are one.
  if ((presenting() && Date.now() - walkedAt < 300) || document.querySelector(":popover-open")) return true;
  const pressed = press(selector);
  if (pressed) walkedAt = Date.now();
  return pressed;
};

const next = () => {
  // A choice is Alice's: it is pressed, not passed; but a clicker has no other button, and the story goes on with the first.
  if (document.querySelector("div.choices")) return presenting() && walk("div.choices .go");
  const pressed = walk(".next a.go, .next form:is([action$='/next'], [action$='/send'], [action$='/branch']) .go");
  if (!presenting()) return pressed;
  // Where no walk is shown, the one button begins or goes on with one. At the end of a walk nothing is pressed, nor scrolled.
  return pressed || walk("main:is(.home, .flow) .go") || walking();
};
const back = () => walk(".next .back") || (presenting() && walking());
const walking = () => Boolean(document.querySelector(".next"));
// Opens what is folded below the picture, and goes there.
const unfold = (selector) => {
  const folded = document.querySelector(`${selector} > details`);
  if (!folded) return false;
  folded.open = !folded.open;
  const summary = folded.querySelector("summary");
  summary.focus({ preventScroll: true });
  folded.parentElement.scrollIntoView({ block: "nearest" });
  return true;
};
const present = (look) => {
  const form = document.querySelector(".present-switch").form;
  if (look) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "look", value: look }));
  form.requestSubmit();
  return true;
};
const blank = () => {
  page.classList.add("blank");
  return true;
};
const keys = () => {
  document.querySelector("#keys").togglePopover();
  return true;
};

const KEYS = { ArrowRight: next, ArrowLeft: back };
const LETTERS = { "?": keys, p: () => present(), c: () => press(".message .change") };
const ON_STAGE = { PageDown: next, PageUp: back, ".": blank };
const LETTERS_ON_STAGE = {
  b: blank,
  d: () => present(page.classList.contains("dark") ? "light" : "dark"),
  t: () => unfold(".world"),
  l: () => unfold(".eyes"),
};

const letters = document.querySelector("#letters");
letters.checked = localStorage.getItem("letters") !== "off";
letters.addEventListener("change", () => localStorage.setItem("letters", letters.checked ? "on" : "off"));

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (page.classList.contains("blank")) {
    event.preventDefault();
    page.classList.remove("blank");
    return;
  }
  // A key that is held down must not walk on by itself.
  if (event.repeat || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const scrolls = event.target.closest("summary, pre");
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const does = {
    ...(scrolls || event.shiftKey ? {} : KEYS),
    ...(letters.checked ? LETTERS : {}),
    ...(presenting() ? ON_STAGE : {}),
    ...(presenting() && letters.checked ? LETTERS_ON_STAGE : {}),
  }[key];
  if (does?.()) event.preventDefault();
});
document.addEventListener("pointerdown", () => page.classList.remove("blank"));

// The page that is shown may have come in by a swap: the switch leads back to it, and not to the one before.
document.addEventListener("submit", (event) => {
  const to = event.target.querySelector("input[name=to]");
  if (to) to.value = location.pathname + location.search;
});

// Where something was pasted or made, presenting changes how large all is and loads nothing anew, which would lose it.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector(".present-switch");
  const holds = document.querySelector("#break-form, #make-form") || document.querySelector(".decoder #in-pasted")?.value;
  if (!button || !holds) return;
  event.preventDefault();
  const asked = new URLSearchParams(new FormData(event.target));
  const look = asked.getAll("look").at(-1) ?? (presenting() ? "" : "light");
  event.target.querySelectorAll("[name=look]").forEach((each) => each.remove());
  fetch("/present", { method: "POST", body: asked, redirect: "manual" });
  page.classList.remove("present", "light", "dark");
  if (look) page.classList.add("present", look);
  button.setAttribute("aria-pressed", String(Boolean(look)));
  document.dispatchEvent(new Event("presenting"));
});

// On a phone, long lists start closed.
const closeOnPhones = () => {
  if (!matchMedia("(max-width: 480px)").matches) return;
  document.querySelectorAll("details.compact, details.part, details.pair, .holds > details, details.breaks").forEach((each) => (each.open = false));
};
closeOnPhones();

// After a step was swapped in, the heading of the new step is where reading goes on, and what changed is said.
document.addEventListener("htmx:after:swap", () => {
  closeOnPhones();
  const main = document.querySelector("#main");
  const where = document.querySelector("header .where");
  if (where && main) where.textContent = main.dataset.says.split(":")[0].toLowerCase();
  document.querySelector("#step")?.focus({ preventScroll: true });
  document.querySelector("#said").textContent = main?.dataset.says ?? "";
});

// What could not be sent: the cursor stands where the text goes wrong.
const wrong = document.querySelector("textarea[data-line]");
if (wrong) {
  const before = wrong.value.split("\n").slice(0, wrong.dataset.line - 1).join("\n");
  const at = (wrong.dataset.line > 1 ? before.length + 1 : 0) + (wrong.dataset.character - 1);
  wrong.focus();
  wrong.setSelectionRange(at, at + 1);
}

// A server that does not answer says nothing; so we do.
document.addEventListener("htmx:error", () => {
  if (document.querySelector(".trouble")) return;
  const says = document.createElement("p");
  says.className = "trouble";
  says.setAttribute("role", "alert");
  says.textContent = "Tokenwalk does not answer. Is it still running? The run is kept; press again when it is back.";
  document.querySelector("#main")?.append(says);
});
