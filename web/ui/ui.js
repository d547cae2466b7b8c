// The page of `stargate ui`: a form for every question, made from its fields, and the answer as it comes. What is asked
// stands in the address, so that a page can be kept, sent and gone back to.
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const make = (tag, text, attributes = {}) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  let questions = [], question = null, job = null, events = null;

  const ask = async (path, options) => {
    const reply = await fetch(path, options);
    const body = await reply.json();
    if (reply.ok) return body;
    const faults = body.faults || [body.error];
    throw new Error(faults.map((f) => [f.field, f.message, f.hint && "(" + f.hint + ")"].filter(Boolean).join(" ")).join("\n"));
  };
  const say = (text, bad) => {
    at("state").textContent = text;
    at("state").className = bad ? "bad" : "";
  };

  // Address: #question?field=value&field=value
  const readAddress = () => {
    const [name, fields] = location.hash.slice(1).split("?");
    return [decodeURIComponent(name || ""), new URLSearchParams(fields || "")];
  };
  const writeAddress = (name, values) => {
    const fields = new URLSearchParams();
    for (const [key, value] of Object.entries(values)) for (const one of [value].flat()) fields.append(key, one);
    return "#" + encodeURIComponent(name) + (fields.size ? "?" + fields : "");
  };

  const fieldInput = (field, given) => {
    const label = make("label");
    if (field.shape === "on") {
      const box = make("input", "", { type: "checkbox", name: field.name });
      box.checked = given.get(field.name) === "true";
      label.append(box, make("b", field.name.replaceAll("_", " ")), make("span", field.sentence));
      return label;
    }
    const rows = field.shape === "list" ? Math.max(1, given.getAll(field.name).length) : 0;
    const input = rows ? make("textarea", "", { name: field.name, rows }) : make("input", "", { type: "text", name: field.name });
    input.value = given.getAll(field.name).join("\n");
    if (field.otherwise) input.placeholder = field.otherwise;
    if (field.required) input.required = true;
    label.append(make("b", field.name.replaceAll("_", " ") + (field.required ? " *" : "")), input,
      make("span", field.sentence + (rows ? "; one a line" : "")));
    return label;
  };

  // Required and given fields first; the rest by group, folded.
  const showForm = (given) => {
    const form = at("form");
    form.replaceChildren();
    const groups = new Map();
    for (const field of question.fields) {
      const first = field.required || given.has(field.name);
      const group = first ? "" : field.group || "More";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(field);
    }
    for (const [group, fields] of [...groups].sort(([a], [b]) => (a ? 1 : 0) - (b ? 1 : 0))) {
      const set = make("fieldset"), grid = make("div", "", { class: "fields" });
      for (const field of fields) grid.append(fieldInput(field, given));
      if (group) {
        const fold = make("details");
        fold.append(make("summary", group), grid);
        set.append(fold);
      } else {
        set.append(make("legend", "Asked for"), grid);
      }
      form.append(set);
    }
    form.append(make("button", "Ask", { class: "ask" }));
    for (const example of question.examples.slice(0, 3)) {
      form.append(make("p", `stargate ${question.name} ${example.arguments}`, { class: "hint" }));
    }
  };
  const formValues = () => {
    const out = {};
    for (const field of question.fields) {
      const input = at("form").elements[field.name];
      if (field.shape === "on") {
        if (input.checked) out[field.name] = true;
      } else if (input.value.trim() !== "") {
        out[field.name] = field.shape === "list" ? input.value.split("\n").map((l) => l.trim()).filter(Boolean) : input.value.trim();
      }
    }
    return out;
  };

  const showJob = (view) => {
    job = view;
    const seconds = Math.round((Date.now() - (view.begun || Date.now())) / 1000);
    say(view.over ? (view.state === "is no" ? "The answer is no." : view.state === "answered" ? "" : view.state)
      : `${view.state}${view.progress ? ": " + view.progress : ""}${seconds > 1 ? ` (${seconds} s)` : ""}`, view.state === "failed");
    at("command").textContent = view.command || "";
    at("answer").textContent = view.text
      || (view.faults || []).map((f) => [f.field, f.message, f.hint && "(" + f.hint + ")"].filter(Boolean).join(" ")).join("\n");
    at("tools").hidden = false;
    at("cancel").hidden = view.over;
    for (const id of ["save-text", "save-json"]) at(id).hidden = !view.text;
    at("report").hidden = !(view.forms || []).includes("html");
    at("report").href = `/api/jobs/${view.id}/form/html`;
    at("job-name").value = view.name;
    if (view.over) showJobs();
  };
  const follow = (id) => {
    if (events) events.close();
    const begun = Date.now();
    events = new EventSource(`/api/jobs/${id}/events`);
    events.addEventListener("progress", (e) => showJob({ ...JSON.parse(e.data), begun }));
    events.addEventListener("over", (e) => {
      events.close();
      showJob({ ...JSON.parse(e.data), begun });
    });
    events.onerror = () => {
      events.close();
      say("the server has gone: start `stargate ui` again", true);
    };
  };
  const showJobs = async () => {
    const { jobs } = await ask("/api/jobs");
    at("jobs").replaceChildren(...jobs.slice(0, 30).map((view) => {
      const { question: name, ...values } = JSON.parse(view.asked);
      const link = make("a", view.name || name, { href: writeAddress(name, values), title: view.command });
      link.append(make("small", (view.state + " · " + view.command.replace(`stargate ${name}`, "")).slice(0, 80)));
      link.addEventListener("click", () => view.over ? ask(`/api/jobs/${view.id}`).then(showJob) : follow(view.id));
      const item = make("li");
      item.append(link);
      return item;
    }));
  };

  const showQuestion = () => {
    const [name, given] = readAddress();
    question = questions.find((q) => q.name === name) || questions[0];
    at("name").textContent = question.name;
    at("sentence").textContent = question.sentence;
    document.title = `${question.name} · Stargate`;
    for (const link of at("questions").querySelectorAll("a")) {
      link.textContent === question.name ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
    }
    showForm(given);
  };
  const save = (name, type, text) => {
    const link = make("a", "", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  };

  at("form").addEventListener("submit", async (e) => {
    e.preventDefault();
    const values = formValues();
    const address = writeAddress(question.name, values);
    if (address !== location.hash) history.pushState(null, "", address);
    at("answer").textContent = at("command").textContent = "";
    try {
      const form = question.forms.includes("html") ? "?form=html" : "";
      const { id } = await ask(`/api/jobs/${encodeURIComponent(question.name)}${form}`, { method: "POST", body: JSON.stringify(values) });
      follow(id);
    } catch (error) {
      say(error.message, true);
    }
  });
  at("cancel").addEventListener("click", () => job && ask(`/api/jobs/${job.id}`, { method: "DELETE" }).catch(() => {}));
  at("job-name").addEventListener("change", async (e) => {
    await ask(`/api/jobs/${job.id}`, { method: "PATCH", body: JSON.stringify({ name: e.target.value }) });
    showJobs();
  });
  at("save-text").addEventListener("click", () => save("answer.txt", "text/plain", job.text));
  at("save-json").addEventListener("click", () => save("answer.json", "application/json", job.json));
  at("copy-command").addEventListener("click", () => navigator.clipboard.writeText(job.command));
  addEventListener("hashchange", showQuestion);
  addEventListener("popstate", showQuestion);

  ask("/api/questions").then((body) => {
    questions = body.questions;
    at("questions").replaceChildren(...questions.map((q) => {
      const item = make("li");
      item.append(make("a", q.name, { href: writeAddress(q.name, {}), title: q.sentence }));
      return item;
    }));
    showQuestion();
    // An address that asks for something is asked.
    if ([...readAddress()[1]].length) at("form").requestSubmit();
    return showJobs();
  }).catch((error) => say(error.message, true));
})();
