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

// After a step was swapped in, the heading of the new step is where reading goes on.
document.addEventListener("htmx:after:swap", () => {
  const heading = document.querySelector("#step");
  if (heading) heading.focus({ preventScroll: true });
});
