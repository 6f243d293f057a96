// Presenting, or no longer, changes how large all is; the page is not loaded anew, which would lose what was pasted.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector(".present-switch");
  if (!button || !document.querySelector("#in-pasted")?.value) return;
  event.preventDefault();
  const asked = new URLSearchParams(new FormData(event.target));
  const look = asked.getAll("look").at(-1) ?? (document.documentElement.classList.contains("present") ? "" : "light");
  event.target.querySelectorAll("[name=look]").forEach((each) => each.remove());
  fetch("/present", { method: "POST", body: asked, redirect: "manual" });
  document.documentElement.classList.remove("present", "light", "dark");
  if (look) document.documentElement.classList.add("present", look);
  document.querySelector(".given").open = !look;
  button.setAttribute("aria-pressed", String(Boolean(look)));
});
