// PhotoPrint of 2012: all of it is this script. It asks for a token, finds it behind the #, and uses it (RFC 6749 §4.2).
const knows = document.body.dataset;
const says = document.querySelector("#says");
const show = (text) => (says.textContent = text);

document.querySelector("#print").addEventListener("click", () => {
  const state = crypto.randomUUID();
  sessionStorage.setItem("state", state);
  location.assign(`${knows.authorizationEndpoint}?${new URLSearchParams({
    response_type: "token",
    client_id: knows.clientId,
    redirect_uri: knows.redirectUri,
    scope: "photos.read",
    state,
  })}`);
});

const came = new URLSearchParams(location.hash.slice(1));
const mine = came.has("state") && came.get("state") === sessionStorage.getItem("state");
if (!mine && (came.has("access_token") || came.has("error"))) {
  show("This answer belongs to no question of ours, so we do not use it.");
} else if (came.has("error")) {
  show(`Snapbox said no: ${came.get("error")}.`);
} else if (came.has("access_token")) {
  fetch(knows.photos, { headers: { Accept: "application/json", Authorization: `Bearer ${came.get("access_token")}` } })
    .then((answer) => answer.json())
    .then(({ photos }) => show(`Printed: ${photos.map(({ title }) => title).join(", ")}.`))
    .catch(() => show("Snapbox did not give us the photos."));
}
