// Making a token: a choice shows its fields at once, and what was made can be copied. Everything works without this file.
document.documentElement.classList.add("scripted");
const form = () => document.querySelector("#make-form");
const asIs = () => JSON.stringify([...new FormData(form())]);

// A little after a choice, for a list is chosen from by typing too. An answer that comes when more was typed is out of
// date: it would take that away, so it is dropped and asked for again.
let waiting;
let looking = "";
const look = () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    looking = asIs();
    form().dispatchEvent(new Event("look"));
  }, 300);
};
document.addEventListener("change", (event) => {
  if (event.target.form?.id === "make-form" && event.target.matches("[name=kind], [name=alg], [name=encrypt]")) look();
});
document.addEventListener("submit", () => {
  clearTimeout(waiting);
  looking = "";
}, true);
document.addEventListener("htmx:before:swap", (event) => {
  if (looking && looking !== asIs()) {
    event.preventDefault();
    look();
  }
  looking = "";
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const says = document.querySelector("#said");
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    says.textContent = button.textContent = "Copied";
  } catch {
    says.textContent = button.textContent = "This browser does not let a page copy";
  }
});
