// Turns FHIR resources into parts of the page. Text from the server becomes text
// and nothing else: no markup is ever made of it.
"use strict";

const show = (() => {
  function element(name, text, className) {
    const e = document.createElement(name);
    if (text) e.textContent = text;
    if (className) e.className = className;
    return e;
  }

  // textOf gives a CodeableConcept as a person would say it.
  function textOf(concept) {
    if (!concept) return "";
    const named = (concept.coding || []).find((c) => c.display);
    return concept.text || (named ? named.display : "");
  }

  function first(list) {
    return (list || [])[0];
  }

  function nameOf(patient) {
    const name = (patient.name || []).find((n) => n.use === "official") || first(patient.name);
    if (!name) return "";
    return name.text || [].concat(name.given || [], name.family || []).join(" ");
  }

  // A date without a time is a day of the calendar wherever the reader is.
  function when(value) {
    if (!value) return "";
    const parts = value.split("-").map(Number);
    if (value.length <= 7) return value;
    if (value.length === 10) {
      return new Date(parts[0], parts[1] - 1, parts[2]).toLocaleDateString(undefined, { dateStyle: "long" });
    }
    return new Date(value).toLocaleString(undefined, { dateStyle: "full", timeStyle: "short" });
  }

  function period(p) {
    if (!p || !(p.start || p.end)) return "";
    if (!p.end) return "since " + when(p.start);
    return (p.start ? when(p.start) + " " : "") + "until " + when(p.end);
  }

  function entry(title, details, badge) {
    const li = element("li");
    const h = element("h3", title);
    if (badge) h.append(" ", element("span", badge.replace(/-/g, " "), "badge"));
    li.append(h);
    for (const text of details) {
      if (text) li.append(element("p", text));
    }
    return li;
  }

  function plan(p) {
    const concerns = (p.addresses || []).map((r) => r.display).filter(Boolean).join(", ");
    const li = entry(
      p.title || (p.category || []).map(textOf).filter(Boolean).join(", ") || "Care plan",
      [p.description, concerns && "For: " + concerns, period(p.period)], p.status);
    const steps = (p.activity || []).map(activity).filter(Boolean);
    if (steps.length > 0) {
      const list = element("ul", "", "steps");
      steps.forEach((s) => list.append(element("li", s)));
      li.append(list);
    }
    return li;
  }

  function activity(a) {
    const d = a.detail;
    if (!d) return a.reference ? a.reference.display : "";
    const what = textOf(d.code) || d.description;
    return what && d.status ? what + " (" + d.status.replace(/-/g, " ") + ")" : what;
  }

  function member(m) {
    const name = m.member && m.member.display;
    const role = (m.role || []).map(textOf).filter(Boolean).join(", ");
    return entry(name || role || "A member without a name", [name ? role : "", period(m.period)]);
  }

  function appointment(a) {
    const where = (a.participant || []).map((p) => p.actor)
      .filter((r) => r && r.display && !(r.reference || "").startsWith("Patient/")).map((r) => r.display);
    const kind = textOf(a.appointmentType) || textOf(first(a.serviceType));
    return entry(a.description || kind || "Appointment",
      [when(a.start), where.length > 0 ? "With: " + where.join(", ") : "", a.patientInstruction], a.status);
  }

  function task(t) {
    const limit = t.restriction && t.restriction.period && t.restriction.period.end;
    const owner = t.owner && t.owner.display;
    return entry(t.description || textOf(t.code) || "Task",
      [limit ? "Due: " + when(limit) : "", owner ? "Who does it: " + owner : ""], t.status);
  }

  return { element, nameOf, plan, member, appointment, task };
})();
