// A character of the original that is clicked is flipped in the copy, by the form that does so without a script too.
document.documentElement.classList.add("scripted");
document.addEventListener("click", (event) => {
  const token = event.target.closest("[data-flip]");
  const caret = token && document.caretPositionFromPoint?.(event.clientX, event.clientY);
  if (!caret || !token.contains(caret.offsetNode) || !getSelection().isCollapsed) return;
  // A caret stands between two characters: the one that was clicked is before it or behind it.
  const range = document.createRange();
  const under = (start) => {
    if (start < 0 || start >= caret.offsetNode.length) return false;
    range.setStart(caret.offsetNode, start);
    range.setEnd(caret.offsetNode, start + 1);
    const box = range.getBoundingClientRect();
    return box.left <= event.clientX && event.clientX <= box.right;
  };
  const at = [caret.offset, caret.offset - 1].find(under);
  if (at === undefined) return;
  const before = document.createRange();
  before.setStart(token, 0);
  before.setEnd(caret.offsetNode, at);
  const pieces = before.toString().split(".");
  const part = token.dataset.flip.split(" ")[pieces.length - 1];
  const field = document.querySelector("#in-bit");
  const choice = document.querySelector("#in-part");
  if (!field || ![...choice.options].some((each) => each.value === part)) return;
  choice.value = part;
  field.value = String(pieces.at(-1).length * 6);
  document.querySelector("#way-flip_bit")?.click();
});

// The address names the token, where it is of a recording, and never carries it. What was done to the copy stays with
// this entry of the tab's history, so that Back and Reload do it again.
const OF_THE_COPY = ["way", "bit", "part", "begin_header", "begin_payload"];
const form = () => document.querySelector("#break-form");
const isNarrow = matchMedia("(max-width: 820px)");
const remember = () => {
  const address = document.querySelector("#main").dataset.address;
  if (!address || !form()) return;
  const fields = new FormData(form());
  const did = Object.fromEntries(OF_THE_COPY.map((name) => [name, fields.get(name) ?? ""]));
  did.way = document.querySelector("#main").dataset.way ?? "";
  did.variant = fields.get(`variant-${did.way}`) ?? "";
  history.replaceState({ did }, "", address);
};
const again = ({ way, variant, bit, part, begin_header, begin_payload }) => {
  const set = (selector, value) => {
    const field = document.querySelector(selector);
    if (field && value) field.value = value;
  };
  set("#in-bit", bit);
  set("#in-part", part);
  set(`#in-${way}`, variant);
  set("#in-header", begin_header);
  set("#in-payload", begin_payload);
  document.querySelector(`#way-${way}`)?.click();
};
// On a narrow page the copy and what is said of it are further down than the button that was pressed.
const goToTheCopy = () => {
  const heading = document.querySelector("#the-copy");
  if (!isNarrow.matches || !heading || !document.querySelector(".done, .tries")) return;
  heading.focus({ preventScroll: true });
  heading.closest("section").scrollIntoView();
};
document.addEventListener("htmx:after:swap", () => {
  remember();
  if (!document.querySelector("#the-answer")) goToTheCopy();
});
document.addEventListener("DOMContentLoaded", () => {
  const did = history.state?.did;
  if (did?.way && !document.querySelector(".done")) setTimeout(again, 0, did);
  else remember();
  goToTheCopy();
});
