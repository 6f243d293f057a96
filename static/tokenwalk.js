// Keys for the walk: → presses the one button, ← goes back. Everything works without this file.
const KEYS = { ArrowRight: ".next a.go, .next form[action$='/next'] .go", ArrowLeft: ".back" };

document.addEventListener("keydown", (event) => {
  // A key that is held down must not walk on by itself, and a choice is Alice's: it is pressed, not passed.
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, summary, pre, [contenteditable]")) return;
  if (event.key === "ArrowRight" && document.querySelector("div.choices")) return;
  const control = KEYS[event.key] && document.querySelector(KEYS[event.key]);
  if (!control) return;
  event.preventDefault();
  control.click();
});

// On a phone the list of passed checks starts closed.
const closeOnPhones = () => {
  if (!matchMedia("(max-width: 480px)").matches) return;
  document.querySelectorAll("details.compact").forEach((list) => (list.open = false));
};
closeOnPhones();

// After a step was swapped in, the heading of the new step is where reading goes on.
document.addEventListener("htmx:after:swap", () => {
  closeOnPhones();
  document.querySelector("#step")?.focus({ preventScroll: true });
});

// A server that does not answer says nothing; so we do.
document.addEventListener("htmx:error", () => {
  if (document.querySelector(".trouble")) return;
  const says = document.createElement("p");
  says.className = "trouble";
  says.setAttribute("role", "alert");
  says.textContent = "Tokenwalk does not answer. Is it still running? The run is kept; press again when it is back.";
  document.querySelector("#main")?.append(says);
});
