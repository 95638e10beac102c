// The overview: asks for /topics every 2 s while the tab is visible, and shows it by text nodes only, so that nothing
// a topic is called, or a reason says, can become markup. Rows stay where they are; only texts that changed are touched.

const refreshMs = 2_000;
const timeoutMs = 10_000;
const signedInKey = "penstock.signed-in";

const byId = (id) => document.getElementById(id);
const [summary, form, formError, token] = ["summary", "sign-in", "sign-in-error", "token"].map(byId);
const [scroll, body, empty, signOut] = ["scroll", "rows", "empty", "sign-out"].map(byId);

/** Topic → its cells by name. */
const rows = new Map();
let seenAt = null;
let timer;
/** Rises with each question; an answer to an older one is dropped. */
let asked = 0;

const number = new Intl.NumberFormat("en");
const two = (part) => String(part).padStart(2, "0");

function clock(date) {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
}

function moment(iso) {
  const date = new Date(iso);
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return date.toDateString() === new Date().toDateString() ? clock(date) : `${day} ${clock(date)}`;
}

function lagOf(partitions) {
  const known = partitions.filter(({ owned, lag }) => owned && lag !== null);
  return known.length === 0 ? "–" : number.format(known.reduce((sum, { lag }) => sum + lag, 0));
}

function sourceOf([source]) {
  if (source === undefined) return "–";
  return source.kind === "etcd" ? `etcd ${source.name}, revision ${source.revision}` : source.name;
}

function textsOf({ topic, state, reason, since, sources, spec, partitions, counts }) {
  return {
    topic,
    state,
    reason: reason ?? "",
    since: moment(since),
    lag: lagOf(partitions),
    partitions: `${partitions.filter(({ owned }) => owned).length} of ${partitions.length}`,
    indexed: number.format(counts.indexed),
    duplicate: number.format(counts.duplicate),
    deadLettered: number.format(counts.deadLettered),
    skipped: number.format(counts.skipped),
    index: spec.index,
    source: sourceOf(sources),
  };
}

const words = new Set(["topic", "state", "reason", "since", "index", "source"]);

function createRow(names) {
  const row = document.createElement("tr");
  const cells = {};
  for (const name of names) {
    const cell = document.createElement(name === "topic" ? "th" : "td");
    if (name === "topic") cell.scope = "row";
    cell.className = words.has(name) ? name : "number";
    row.append(cell);
    cells[name] = cell;
  }
  return { row, cells };
}

function showTopics(topics) {
  const sorted = topics.toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
  const present = new Set(sorted.map(({ topic }) => topic));
  for (const [topic, { row }] of rows) {
    if (present.has(topic)) continue;
    row.remove();
    rows.delete(topic);
  }
  let before = null;
  for (const topic of sorted) {
    const texts = textsOf(topic);
    const known = rows.get(topic.topic);
    const entry = known ?? createRow(Object.keys(texts));
    if (known === undefined) {
      rows.set(topic.topic, entry);
      if (before === null) body.prepend(entry.row);
      else before.after(entry.row);
    }
    for (const [name, text] of Object.entries(texts)) {
      const cell = entry.cells[name];
      if (cell.textContent !== text) cell.textContent = text;
    }
    entry.cells.state.dataset.state = topic.state;
    before = entry.row;
  }
  scroll.hidden = topics.length === 0;
  empty.hidden = topics.length !== 0;
}

function say(text) {
  if (summary.textContent !== text) summary.textContent = text;
}

function showSummary(topics) {
  const counts = new Map();
  for (const { state } of topics) counts.set(state, (counts.get(state) ?? 0) + 1);
  const running = counts.get("running") ?? 0;
  if (topics.length === 0) say("No topics.");
  else if (running === topics.length) {
    say(
      topics.length === 1
        ? "The one topic is running."
        : `All ${number.format(topics.length)} topics are running.`,
    );
  } else say([...counts].map(([state, count]) => `${number.format(count)} ${state}`).join(" · "));
}

function showSignIn() {
  sessionStorage.removeItem(signedInKey);
  rows.clear();
  body.replaceChildren();
  scroll.hidden = empty.hidden = signOut.hidden = true;
  document.body.classList.remove("stale");
  say("Sign in to see the topics.");
  if (form.hidden) {
    form.hidden = false;
    token.focus();
  }
}

function showLost() {
  document.body.classList.add("stale");
  say(seenAt === null ? "No connection." : `Connection lost. Values are from ${clock(seenAt)}.`);
}

async function refresh() {
  clearTimeout(timer);
  if (document.hidden) return;
  asked += 1;
  const question = asked;
  try {
    const response = await fetch("/topics", { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok && response.status !== 401) throw new Error(`HTTP ${response.status}`);
    const topics = response.ok ? await response.json() : null;
    if (question !== asked) return;
    if (topics === null) return showSignIn();
    seenAt = new Date();
    form.hidden = true;
    signOut.hidden = sessionStorage.getItem(signedInKey) === null;
    document.body.classList.remove("stale");
    showTopics(topics);
    showSummary(topics);
  } catch {
    if (question !== asked) return;
    showLost();
  }
  timer = setTimeout(refresh, refreshMs);
}

/** Sends a change of the session; null where the host cannot be reached. */
async function session(method, init) {
  try {
    return await fetch("/session", { method, ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch {
    return null;
  }
}

async function signIn() {
  formError.textContent = "";
  const response = await session("POST", {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: token.value }),
  });
  if (response?.ok) {
    token.value = "";
    sessionStorage.setItem(signedInKey, "yes");
    await refresh();
  } else if (response === null) formError.textContent = "No connection. Try again.";
  else
    formError.textContent =
      response.status === 401 ? "That token was not accepted." : `HTTP ${response.status}`;
}

async function leave() {
  const response = await session("DELETE");
  if (response?.ok) await refresh();
  else say("Signing out failed. Try again.");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void signIn();
});
signOut.addEventListener("click", () => void leave());
document.addEventListener("visibilitychange", () => void refresh());
await refresh();
