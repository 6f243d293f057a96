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
