// Keys for the walk: → and PageDown press the one button, ← and PageUp go back. Everything works without this file.
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, summary, pre, [contenteditable]")) return;
  const wanted = { ArrowRight: ".next .go", PageDown: ".next .go", ArrowLeft: ".back", PageUp: ".back" }[event.key];
  const control = wanted && document.querySelector(wanted);
  if (!control) return;
  event.preventDefault();
  control.click();
});

// On a phone the list of passed checks starts closed.
const closeOnPhones = () => {
  if (matchMedia("(max-width: 480px)").matches) document.querySelectorAll("details.compact").forEach((list) => (list.open = false));
};
closeOnPhones();

// After a step was swapped in, the heading of the new step is where reading goes on.
document.addEventListener("htmx:after:swap", () => {
  closeOnPhones();
  document.querySelector("#step")?.focus({ preventScroll: true });
});
