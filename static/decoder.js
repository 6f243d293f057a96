// The decoder: what is pasted or typed is posted, a token behind a # is read here, and requests are counted.
// Everything works without this file, by its buttons.
document.documentElement.classList.add("scripted");
const form = () => document.querySelector("#decode-form");

// Posted when pasted, when a choice is made, and a little after typing; never twice the same.
const asIs = () => JSON.stringify([...new FormData(form())].map(([name, value]) => [name, value.name ?? value, value.size]));
let posted = asIs();
let waiting;
const post = () => {
  clearTimeout(waiting);
  const now = asIs();
  if (now === posted) return;
  posted = now;
  form().dispatchEvent(new Event("decode"));
};
document.addEventListener("input", (event) => {
  if (event.target.form?.id !== "decode-form") return;
  clearTimeout(waiting);
  waiting = setTimeout(post, event.inputType === "insertText" || event.inputType?.startsWith("delete") ? 400 : 0);
});
document.addEventListener("change", (event) => event.target.form?.id === "decode-form" && post());
let opening = false; // the view byte by byte was asked for, and is not there yet
document.addEventListener("submit", (event) => {
  if (event.target.id !== "decode-form") return;
  clearTimeout(waiting);
  opening = event.submitter?.name === "view" && event.submitter.value === "bytes";
});

// What was unfolded stays so when an answer is put in place.
document.addEventListener("DOMContentLoaded", () =>
  htmx.registerExtension("unfolded", {
    htmx_before_morph_attr: (element, detail) => !(detail.attrName === "open" && element.matches("details")),
  }),
);

// How often what was pasted was sent since the page was opened, and whether anything went elsewhere: counted, not claimed.
const isRead = () => Boolean(document.querySelector(".bench .found"));
let sent = isRead() ? 1 : 0;
document.addEventListener("htmx:before:request", (event) => {
  sent += event.target.id === "decode-form";
});
const count = () => {
  const said = document.querySelector("#the-requests");
  if (!said || !isRead()) return;
  const elsewhere = performance.getEntriesByType("resource").filter((each) => new URL(each.name).origin !== location.origin).length;
  said.querySelector(".count").textContent = `${sent} request${sent === 1 ? "" : "s"}`;
  said.querySelector(".elsewhere").textContent = elsewhere
    ? `, and ${elsewhere} elsewhere: something in this browser added ${elsewhere === 1 ? "it" : "them"}`
    : " only";
  said.classList.toggle("bad", elsewhere > 0);
};
performance.setResourceTimingBufferSize(10000);
// A new text starts anew: what had been chosen for the one before is not chosen any more, as the answer has it.
const asAnswered = () => {
  for (const each of form().elements) {
    if (each.type === "radio") each.checked = each.defaultChecked;
    const chosen = [...(each.options ?? [])].find((option) => option.defaultSelected);
    if (chosen) chosen.selected = true;
  }
};
document.addEventListener("htmx:after:swap", () => {
  asAnswered();
  posted = asIs();
  if (opening) document.querySelector("#the-bits")?.scrollIntoView({ block: "nearest" });
  opening = false;
  setTimeout(count);
});
count();

// An address that carries a token: read here, taken out of the address bar, and said.
const fragment = location.hash.match(/^#token=(.+)$/);
if (fragment) {
  history.replaceState(null, "", location.pathname + location.search);
  document.querySelector("#the-fragment").hidden = false;
  let carried = fragment[1];
  try {
    carried = decodeURIComponent(carried);
  } catch {
    // It is not percent-encoded as it should be; so it is taken as it stands.
  }
  document.querySelector("#in-pasted").value = carried;
  document.addEventListener("DOMContentLoaded", () => setTimeout(post));
}

// Copying, and saying so.
const copy = async (button, text) => {
  const says = document.querySelector("#said");
  try {
    await navigator.clipboard.writeText(text);
    says.textContent = button.textContent = "Copied";
  } catch {
    says.textContent = button.textContent = "This browser does not let a page copy";
  }
};
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-link]");
  if (!button) return;
  const token = document.getElementById(button.dataset.copy ?? button.dataset.copyLink).textContent;
  const link = `${location.origin}/decode#token=${encodeURIComponent(token)}`;
  copy(button, button.dataset.copy ? token : link);
});
