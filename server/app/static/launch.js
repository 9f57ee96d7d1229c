// Starts the app: by itself (standalone launch), or from an EHR, which adds the
// parameters iss and launch (SMART App Launch 2.2, "Launch App").
"use strict";

(() => {
  const base = new URL("../fhir", location.href).href;
  const asked = new URLSearchParams(location.search);

  // The library lets these take the place of what is written below. A link that
  // carries one comes from nobody who should choose.
  const unexpected = ["fhirServiceUrl", "clientId", "patientId"].filter((name) => asked.has(name));

  function stop(text) {
    const status = document.getElementById("status");
    status.textContent = text;
    status.className = "problem";
    status.setAttribute("role", "alert");
  }

  const iss = asked.get("iss");
  if (iss !== null && iss.replace(/\/+$/, "") !== base) {
    stop("This app opens data of the server that it comes from only (" + base + "). Please open it from there.");
    return;
  }
  if (unexpected.length > 0) {
    stop("This link has parts that don't belong there (" + unexpected.join(", ") + "). Please open the app without them.");
    return;
  }

  // An EHR has chosen the patient already; by itself the app asks for one.
  const context = asked.has("launch") ? "launch" : "launch/patient";
  FHIR.oauth2.authorize({
    iss: base,
    clientId: "caseway-sample-app",
    redirectUri: new URL("./", location.href).href,
    pkceMode: "required",
    completeInTarget: true,
    scope: [
      context, "openid", "fhirUser", "online_access",
      "patient/Patient.r", "patient/CarePlan.rs", "patient/CareTeam.rs", "patient/Task.rus", "patient/Appointment.rs",
    ].join(" "),
  }).catch((error) => stop("The app can't start: " + error.message));
})();
