// What the server asks stands in the form (data-options); what the passkey answers goes back in it.
// No other script, no request of its own: without it every other way in still works.
"use strict";
(() => {
  const form = document.querySelector("form[data-options]");
  if (!form) return;
  const told = form.querySelector("[data-told]");
  const button = form.querySelector("button");
  told.hidden = true;
  const say = (words, link) => {
    told.textContent = words;
    told.hidden = false;
    if (link) {
      const a = document.createElement("a");
      a.href = link;
      a.textContent = link;
      told.append(" ", a);
    }
  };

  const bytes = (text) => {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  };
  const words = (buffer) => {
    const raw = String.fromCharCode(...new Uint8Array(buffer));
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const read = (options) => {
    const asked = { ...options, challenge: bytes(options.challenge) };
    if (options.user) asked.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) asked.excludeCredentials = known(options.excludeCredentials);
    if (options.allowCredentials) asked.allowCredentials = known(options.allowCredentials);
    return asked;
  };
  const write = (made) => {
    const said = { clientDataJSON: words(made.response.clientDataJSON) };
    if (made.response.attestationObject) {
      said.attestationObject = words(made.response.attestationObject);
      said.transports = made.response.getTransports ? made.response.getTransports() : [];
    } else {
      said.authenticatorData = words(made.response.authenticatorData);
      said.signature = words(made.response.signature);
      if (made.response.userHandle) said.userHandle = words(made.response.userHandle);
    }
    return { id: made.id, rawId: words(made.rawId), type: made.type, response: said };
  };

  const ask = async () => {
    if (location.origin !== form.dataset.origin) {
      const here = form.dataset.origin + location.pathname + location.search;
      say("Passkeys work at one address alone. Open Stepwell there:", here);
      return;
    }
    if (!window.PublicKeyCredential) {
      say("This browser knows no passkeys. Come in another way.");
      return;
    }
    button.disabled = true;
    told.hidden = true;
    try {
      const publicKey = read(JSON.parse(form.dataset.options));
      const made = form.dataset.make
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      form.elements.namedItem("credential").value = JSON.stringify(write(made));
      form.submit();
    } catch (error) {
      button.disabled = false;
      if (error.name === "InvalidStateError") say("This device holds a passkey of yours already.");
      else say("Nothing was chosen, or it took too long. Press the button to try again.");
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  if (form.dataset.atOnce) ask();
})();
