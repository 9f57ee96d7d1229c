// Shows one patient's care plans, team, tasks and appointments, and completes a
// task. The library fhirclient holds the token; this page only asks.
"use strict";

(() => {
  const at = (id) => document.getElementById(id);
  const closed = new Set(["completed", "cancelled", "rejected", "failed", "entered-in-error"]);

  function say(text, problem) {
    const status = at("status");
    status.textContent = text;
    status.className = problem ? "problem" : "";
    status.setAttribute("role", problem ? "alert" : "status");
  }

  function sayStart(text) {
    say(text, true);
    at("start").hidden = false;
  }

  // reasonOf gives the text of an OperationOutcome, which the library writes
  // behind an empty line, or the status.
  function reasonOf(error) {
    const [first, body] = error.message.split("\n\n");
    try {
      return JSON.parse(body).issue.map((i) => (i.details && i.details.text) || i.diagnostics).filter(Boolean).join(" ");
    } catch {
      return first.split("\n")[0];
    }
  }

  // ended says that the token isn't valid any more: it was taken away, or it has
  // expired and couldn't be refreshed.
  function ended() {
    for (const section of document.querySelectorAll("section")) section.hidden = true;
    at("disconnect").hidden = true;
    at("who").textContent = "My care";
    sayStart("This app can't see your care any more. Please sign in again.");
  }

  // fill shows a list, or says that there is nothing, or that the patient hasn't
  // let the app see it.
  async function fill(client, id, query, empty, items) {
    const section = at(id), list = section.querySelector("ul");
    list.replaceChildren();
    section.hidden = false;
    try {
      const found = await client.request(query + "&_count=100", { flat: true, pageLimit: 20 });
      const shown = items(found.filter((r) => r.resourceType !== "OperationOutcome"));
      list.append(...(shown.length > 0 ? shown : [show.element("li", empty, "none")]));
    } catch (error) {
      if (error.status === 401) throw error;
      const refused = error.status === 403;
      const text = refused ? "This app may not see this. You can allow it when you sign in again." : reasonOf(error);
      list.append(show.element("li", text, refused ? "none" : "problem"));
    }
  }

  // mine reports whether the patient is the one to do a task.
  function mine(task, patient) {
    return !task.owner || (task.owner.reference || "").endsWith("Patient/" + patient);
  }

  function taskItem(client, task) {
    const li = show.task(task);
    if (mine(task, client.patient.id) && !closed.has(task.status) && task.status !== "draft") {
      const done = show.element("button", "Done");
      done.type = "button";
      done.setAttribute("aria-label", "Done: " + li.querySelector("h3").firstChild.textContent);
      done.addEventListener("click", () => complete(client, task, done));
      li.append(done);
    }
    return li;
  }

  // complete writes what was shown, and nothing that somebody has changed since:
  // If-Match names the version that the patient saw.
  async function complete(client, task, button) {
    button.disabled = true;
    say("Saving …");
    let said = ["Saved: that task is done."];
    try {
      await client.request({
        url: "Task/" + task.id,
        method: "PUT",
        headers: { "Content-Type": "application/fhir+json", "If-Match": 'W/"' + task.meta.versionId + '"' },
        body: JSON.stringify({ ...task, status: "completed" }),
      });
    } catch (error) {
      if (error.status === 401) return ended();
      const changed = error.status === 412;
      said = [changed
        ? "Somebody has changed this task in the meantime. Here is how it is now: please look again."
        : "The task wasn't saved: " + reasonOf(error), true];
    }
    try {
      await tasks(client);
    } catch {
      return ended();
    }
    say(...said);
    at("main").focus();
  }

  function tasks(client) {
    const order = (t) => (closed.has(t.status) ? 2 : mine(t, client.patient.id) ? 0 : 1);
    return fill(client, "tasks", "Task?patient=" + client.patient.id, "Nothing to do.",
      (found) => found.filter((t) => t.status !== "entered-in-error")
        .sort((a, b) => order(a) - order(b)).map((t) => taskItem(client, t)));
  }

  function everything(client) {
    const of = "?patient=" + client.patient.id;
    return Promise.all([
      tasks(client),
      fill(client, "appointments", "Appointment" + of, "No appointments.",
        (found) => found.sort((a, b) => (b.start || "").localeCompare(a.start || "")).map(show.appointment)),
      fill(client, "plans", "CarePlan" + of, "No care plans.",
        (found) => found.sort((a, b) => (a.status === "active" ? -1 : 0) - (b.status === "active" ? -1 : 0)).map(show.plan)),
      fill(client, "team", "CareTeam" + of, "Nobody is named.",
        (found) => found.filter((t) => t.status !== "inactive").flatMap((t) => t.participant || [])
          .filter((m) => !(m.member && (m.member.reference || "").endsWith("Patient/" + client.patient.id))).map(show.member)),
    ]);
  }

  async function name(client) {
    try {
      at("who").textContent = show.nameOf(await client.patient.read()) || "My care";
    } catch (error) {
      if (error.status === 401) throw error;
      at("who").textContent = "My care"; // the patient may keep the name from the app
    }
  }

  // disconnect gives the token back (RFC 7009) and forgets it.
  async function disconnect(client) {
    at("disconnect").disabled = true;
    const response = client.state.tokenResponse;
    try {
      const answer = await fetch(client.state.serverUrl + "/.well-known/smart-configuration");
      const endpoint = (await answer.json()).revocation_endpoint;
      const revoked = await fetch(endpoint, {
        method: "POST",
        body: new URLSearchParams({ token: response.refresh_token || response.access_token, client_id: client.state.clientId }),
      });
      if (!revoked.ok) throw new Error("the server answered " + revoked.status);
    } catch (error) {
      say("The connection wasn't ended: " + error.message, true);
      at("disconnect").disabled = false;
      return;
    }
    sessionStorage.clear();
    for (const section of document.querySelectorAll("section")) section.hidden = true;
    at("who").textContent = "Disconnected";
    at("disconnect").hidden = true;
    say("This app can't see your care any more.");
    at("start").hidden = false;
  }

  async function start() {
    let client;
    try {
      client = await FHIR.oauth2.ready();
    } catch (error) {
      const denied = /access_denied/.test(error.message);
      const fresh = /state/.test(error.message) && !location.search;
      if (fresh) say("Sign in to see your care plans, team, tasks and appointments.");
      if (denied) sayStart("You haven't allowed the app to see your care, so it shows nothing.");
      else if (!fresh) sayStart("The sign-in didn't work. " + error.message);
      at("start").hidden = false;
      return;
    }
    if (!client.patient.id) {
      sayStart("No patient was chosen. Please sign in again and choose one.");
      return;
    }
    at("disconnect").hidden = false;
    at("disconnect").addEventListener("click", () => disconnect(client));
    try {
      await Promise.all([name(client), everything(client)]);
      say("");
    } catch {
      ended();
    }
    document.body.dataset.ready = "true";
  }

  start();
})();
