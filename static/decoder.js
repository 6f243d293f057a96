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
document.addEventListener("submit", (event) => {
  if (event.target.id === "decode-form") clearTimeout(waiting);
});

// What was unfolded stays so when an answer is put in place.
document.addEventListener("DOMContentLoaded", () =>
  htmx.registerExtension("unfolded", {
    htmx_before_morph_attr: (element, detail) => !(detail.attrName === "open" && element.matches("details")),
  }),
);

// How often this page was asked for, and whom it asked: counted, not claimed.
const count = () => {
  const said = document.querySelector("#the-requests");
  if (!said || !document.querySelector(".bench .found")) return;
  const loaded = performance.getEntriesByType("resource");
  const asked = performance.getEntriesByType("navigation").length + loaded.filter((each) => each.initiatorType === "fetch").length;
  const elsewhere = loaded.filter((each) => new URL(each.name).origin !== location.origin).length;
  said.querySelector(".count").textContent = `${asked} request${asked === 1 ? "" : "s"}`;
  said.classList.toggle("bad", elsewhere > 0);
  if (elsewhere) said.append(` ${elsewhere} went elsewhere: something in this browser added them.`);
};
performance.setResourceTimingBufferSize(10000);
document.addEventListener("htmx:after:swap", () => {
  posted = asIs();
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

// Presenting, or no longer, changes how large all is; the page is not loaded anew, which would lose what was pasted.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector(".present-switch");
  if (!button || !document.querySelector("#in-pasted")?.value) return;
  event.preventDefault();
  const asked = new URLSearchParams(new FormData(event.target));
  const look = asked.getAll("look").at(-1) ?? (document.documentElement.classList.contains("present") ? "" : "light");
  event.target.querySelectorAll("[name=look]").forEach((each) => each.remove());
  fetch("/present", { method: "POST", body: asked, redirect: "manual" }).then(count);
  document.documentElement.classList.remove("present", "light", "dark");
  if (look) document.documentElement.classList.add("present", look);
  button.setAttribute("aria-pressed", String(Boolean(look)));
});
