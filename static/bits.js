// While presenting, the token and its key are put away, and Page Down and Page Up go from one numbered step to another.
const isPresenting = () => document.documentElement.classList.contains("present");
document.addEventListener("presenting", () => {
  document.querySelector(".given").open = !isPresenting();
});
document.addEventListener("keydown", (event) => {
  const down = event.key === "PageDown";
  if (!isPresenting() || !(down || event.key === "PageUp") || event.target.closest("textarea, input, select")) return;
  const steps = [...document.querySelectorAll(".chapter, .workings > li")];
  // A step that is at the top stands a little below it, by the page's scroll padding and its own scroll margin.
  const padding = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  const margin = (each) => parseFloat(getComputedStyle(each).scrollMarginTop);
  const tops = steps.map((each) => each.getBoundingClientRect().top - padding - margin(each));
  const at = down ? tops.findIndex((top) => top > 4) : tops.findLastIndex((top) => top < -4);
  if (at < 0) return;
  event.preventDefault();
  steps[at].scrollIntoView({ block: "start" });
});
