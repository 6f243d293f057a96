// PhotoPrint in the browser: the authorization code grant with PKCE, and no secret (RFC 6749 §4.1, RFC 7636).
const knows = document.body.dataset;
const says = document.querySelector("#says");
const show = (text) => (says.textContent = text);
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

document.querySelector("#print").addEventListener("click", async () => {
  const state = random();
  const code_verifier = random();
  sessionStorage.setItem("state", state);
  sessionStorage.setItem("code_verifier", code_verifier);
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code_verifier));
  location.assign(`${knows.authorizationEndpoint}?${new URLSearchParams({
    response_type: "code",
    client_id: knows.clientId,
    redirect_uri: knows.redirectUri,
    scope: "photos.read",
    state,
    code_challenge: base64url(hash),
    code_challenge_method: "S256",
  })}`);
});

async function redeem(code) {
  const answer = await fetch(knows.tokenEndpoint, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: knows.redirectUri,
      code_verifier: sessionStorage.getItem("code_verifier"),
      client_id: knows.clientId,
    }),
  });
  if (!answer.ok) throw new Error("no token came");
  return (await answer.json()).access_token;
}

async function fetchPhotos(access_token) {
  const headers = { Accept: "application/json", Authorization: `Bearer ${access_token}` };
  return (await (await fetch(knows.photos, { headers })).json()).photos;
}

const came = new URLSearchParams(location.search);
const asked = came.has("state") && came.get("state") === sessionStorage.getItem("state");
const mine = asked && came.get("iss") === knows.issuer;
if (mine) sessionStorage.removeItem("state"); // one question has one answer
if (!mine && (came.has("code") || came.has("error"))) {
  show("This answer belongs to no question of ours, so we do not use it.");
} else if (came.has("error")) {
  show(`Snapbox said no: ${came.get("error")}.`);
} else if (came.has("code")) {
  redeem(came.get("code"))
    .then(fetchPhotos)
    .then((photos) => show(`Printed: ${photos.map(({ title }) => title).join(", ")}.`))
    .catch(() => show("Snapbox did not give us the photos."));
}
