"use strict";
// The table of findings: filtered, sorted and paged from the rows in the page. Texts of
// strangers become text nodes and nothing else; trusted types forbid the rest.
(() => {
  const PAGE = 100;
  const PRINTED = 5000;
  const LONGEST = 400; // characters of a text in a line, as in markup.py
  const KEPT = 120;
  const SEVERITIES = ["error", "warning", "note"];
  const FILTERS = ["severity", "rule", "namespace", "workload", "image"];
  const SORTS = ["severity", "where", "image", "what", "rule", "places"];
  const ANYWHERE = new Set(["workload", "image"]); // a part of the text is enough, without quotes

  const find = (id) => document.getElementById(id);
  const data = JSON.parse(find("data").textContent);
  const rows = data.rows.map((row, order) => ({
    order,
    ...Object.fromEntries(data.columns.map((name, index) => [name, row[index]])),
    help: data.help[row[data.columns.indexOf("help")]],
  }));
  const body = find("rows");
  const controls = find("controls");

  // A link to what is folded unfolds it.
  function unfold() {
    const target = find(location.hash.slice(1));
    const fold = target && target.closest("details.fold");
    if (!fold) return;
    fold.open = true;
    target.scrollIntoView();
  }
  unfold();
  addEventListener("hashchange", unfold);

  // On paper nothing can be unfolded: what was left out and what is exempt is printed.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = ["not-looked-at", "exempt"].map(find).filter((one) => one && !one.open);
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
  if (!body || !controls) return;

  const collator = new Intl.Collator("en", { numeric: true });
  const number = new Intl.NumberFormat("en");
  let state = {};
  let shown = rows;

  // State and the address: whoever gets the link sees the same rows.

  function readAddress() {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) return false; // a link to a place of the page
    const given = new URLSearchParams(text);
    state = { q: given.get("q") || "", page: Math.max(1, parseInt(given.get("page"), 10) || 1) };
    for (const name of FILTERS) state[name] = given.get(name) || "";
    const sort = given.get("sort") || "";
    state.sort = SORTS.includes(sort.replace(/^-/, "")) ? sort : "";
    return true;
  }

  function writeAddress() {
    const kept = new URLSearchParams();
    for (const name of ["q", ...FILTERS, "sort"]) if (state[name]) kept.set(name, state[name]);
    if (state.page > 1) kept.set("page", state.page);
    const hash = kept.toString();
    if (hash === location.hash.slice(1)) return;
    try {
      history.replaceState(null, "", `#${hash}`);
    } catch {
      // A page inside of another has no address of its own: only the link is lost.
    }
  }

  function change(changes) {
    Object.assign(state, { page: 1 }, changes);
    writeAddress();
    update();
  }

  // What is shown

  function update() {
    shown = sorted(rows.filter(matcher()));
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    state.page = Math.min(state.page, pages);
    const first = (state.page - 1) * PAGE;
    draw(shown.slice(first, first + PAGE));
    showState(first, pages);
  }

  function matcher() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const tests = FILTERS.filter((name) => state[name]).map((name) => {
      const wanted = state[name].toLowerCase();
      const exactly = /^"(.+)"$/.exec(wanted);
      if (exactly) return (row) => row[name].toLowerCase() === exactly[1];
      return ANYWHERE.has(name)
        ? (row) => row[name].toLowerCase().includes(wanted)
        : (row) => row[name].toLowerCase() === wanted;
    });
    return (row) => tests.every((test) => test(row)) && words.every((word) => text(row).includes(word));
  }

  function text(row) {
    row.text ??= [row.severity, row.where, row.inside, row.image, row.rule, row.message, row.extent, row.help]
      .join(" ")
      .toLowerCase();
    return row.text;
  }

  function sorted(found) {
    if (!state.sort) return found;
    const name = state.sort.replace(/^-/, "");
    const direction = state.sort.startsWith("-") ? -1 : 1;
    const by = {
      severity: (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
      where: (a, b) => collator.compare(a.where, b.where),
      image: (a, b) => collator.compare(a.image, b.image),
      what: (a, b) => collator.compare(a.message, b.message),
      rule: (a, b) => collator.compare(a.rule, b.rule),
      places: (a, b) => a.count - b.count,
    }[name];
    return found.sort((a, b) => direction * by(a, b) || a.order - b.order);
  }

  function showState(first, pages) {
    find("shown").textContent = extent(first, Math.min(first + PAGE, shown.length));
    find("nothing").hidden = shown.length > 0;
    find("page").textContent = `page ${number.format(state.page)} of ${number.format(pages)}`;
    find("previous").disabled = state.page <= 1;
    find("next").disabled = state.page >= pages;
    for (const field of controls.querySelectorAll("[name]")) {
      if (field.value !== state[field.name] && document.activeElement !== field) setField(field);
      field.classList.toggle("is-set", state[field.name] !== "");
    }
    find("clear").disabled = !["q", ...FILTERS, "sort"].some((name) => state[name]);
    for (const head of document.querySelectorAll("th[data-sort]")) {
      const name = head.dataset.sort;
      if (state.sort === name) head.setAttribute("aria-sort", "ascending");
      else if (state.sort === `-${name}`) head.setAttribute("aria-sort", "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  function extent(first, last) {
    const all = number.format(rows.length);
    if (shown.length === 0) return `none of ${all}`;
    const lines = `lines ${number.format(first + 1)} to ${number.format(last)}`;
    const chosen = shown.length === rows.length ? all : `${number.format(shown.length)}, chosen from ${all}`;
    return `${lines} of ${chosen}`;
  }

  function print() {
    draw(shown.slice(0, PRINTED));
    const filter = ["q", ...FILTERS].filter((name) => state[name]);
    const by = filter.map((name) => `${name === "q" ? "text" : name} “${short(state[name])}”`).join(", ");
    find("shown").textContent = extent(0, Math.min(PRINTED, shown.length)) + (by && ` by ${by}`);
  }

  function setField(field) {
    const value = state[field.name];
    if (field.tagName === "SELECT" && value && ![...field.options].some((option) => option.value === value)) {
      field.append(new Option(short(value), value)); // of a link that is older than this report
    }
    field.value = value;
  }

  // Rows: the same markup as those that the page came with

  function draw(page) {
    body.replaceChildren(...page.map(line));
    summaries().forEach((summary, index) => summary.setAttribute("tabindex", index ? "-1" : "0"));
  }

  function line(row) {
    const count = make("td", "number places-cell", number.format(row.count));
    if (row.count === 1) count.dataset.one = "";
    return make(
      "tr", "",
      make("td", "severity-cell", make("span", `severity ${row.severity}`, icon(row.severity), row.severity)),
      make(
        "td", "where-cell",
        ...breakable(short(row.where)),
        row.inside && make("span", "inside", ...breakable(short(row.inside))),
      ),
      make("td", "image image-cell", ...breakable(short(row.image))),
      make("td", "what-cell", more(row)),
      make("td", "rule-cell", row.rule),
      count,
    );
  }

  function more(row) {
    const links = FILTERS.filter((name) => name !== "severity" && row[name]).flatMap((name, index) => {
      const link = make("a", "", name === "workload" && !row.namespace ? "file" : name);
      const value = ANYWHERE.has(name) ? `"${row[name]}"` : row[name];
      link.href = `#${new URLSearchParams([[name, value]])}`;
      return index ? [", ", link] : [link];
    });
    return make(
      "details", "",
      make("summary", "", make("span", "", short(row.message))),
      make(
        "div", "body",
        short(row.image) !== row.image && make("p", "image", row.image),
        ...[row.where, row.inside, row.message].map((told) => short(told) !== told && make("p", "", told)),
        row.extent && make("p", "", row.extent),
        row.help && make("p", "", row.help),
        make("p", "quiet", "All of the same ", ...links),
      ),
    );
  }

  function breakable(told) {
    const between = told.startsWith("$") ? /(?<=.)(?=\.[A-Za-z])/ : /(?<=[/@:])(?=.)/; // keys, or parts
    const [first, ...parts] = told.split(between);
    return [first, ...parts.flatMap((part) => [make("wbr", ""), part])];
  }

  function short(told) {
    const cut = told.replace(/(sha(?:256|512):[0-9a-f]{12})[0-9a-f]{20,}/g, "$1…");
    if (cut.length <= LONGEST) return cut;
    const letters = [...cut]; // as Python counts them
    if (letters.length <= LONGEST) return cut;
    return `${letters.slice(0, KEPT).join("")}… (${number.format(letters.length)} characters)`;
  }

  function make(tag, name, ...children) {
    const element = document.createElement(tag);
    if (name) element.className = name;
    element.append(...children.filter((child) => child !== "" && child !== 0 && child !== false));
    return element;
  }

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#icon-${name}`);
    svg.append(use);
    return svg;
  }

  // Hands: the fields, the heads, the keyboard

  function summaries() {
    return [...body.querySelectorAll("summary")];
  }

  function focusLine(index) {
    const all = summaries();
    if (!all.length) return;
    const wanted = all[Math.max(0, Math.min(index, all.length - 1))];
    for (const summary of all) summary.setAttribute("tabindex", summary === wanted ? "0" : "-1");
    wanted.focus();
  }

  function turn(by) {
    const pages = Math.ceil(shown.length / PAGE);
    const page = Math.max(1, Math.min(state.page + by, pages));
    if (page === state.page) return;
    change({ page });
    find("findings").scrollIntoView();
  }

  function sortBy(name) {
    const next = { [name]: `-${name}`, [`-${name}`]: "" };
    change({ sort: state.sort in next ? next[state.sort] : name });
  }

  function clear() {
    change({ q: "", sort: "", ...Object.fromEntries(FILTERS.map((name) => [name, ""])) });
    for (const field of controls.querySelectorAll("[name]")) setField(field);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target;
    const isField = target.matches("input, select, textarea");
    const done = isField ? onFieldKey(event.key, target) : onPageKey(event.key, target);
    if (done) event.preventDefault();
  }

  function onFieldKey(key, field) {
    if (key === "Escape") {
      if (field.value) {
        field.value = "";
        change({ [field.name]: "" });
      } else field.blur();
      return true;
    }
    if (key === "ArrowDown" && field.type === "search") {
      focusLine(0);
      return true;
    }
    return false;
  }

  function onPageKey(key, target) {
    if (key === "/") {
      find("search").focus();
      find("search").select();
      return true;
    }
    if (key === "Escape") {
      const open = target.closest("details[open]");
      if (open) open.open = false;
      else clear();
      return true;
    }
    const at = target.tagName === "SUMMARY" ? summaries().indexOf(target) : -1;
    if (at < 0) return false;
    if (key === "ArrowDown") focusLine(at + 1);
    else if (key === "ArrowUp") at === 0 ? find("search").focus() : focusLine(at - 1);
    else if (key === "Home") focusLine(0);
    else if (key === "End") focusLine(PAGE);
    else if (key === "PageDown" || key === "PageUp") {
      turn(key === "PageDown" ? 1 : -1);
      focusLine(0);
    } else return false;
    return true;
  }

  controls.addEventListener("input", (event) => change({ [event.target.name]: event.target.value }));
  find("clear").addEventListener("click", clear);
  find("previous").addEventListener("click", () => turn(-1));
  find("next").addEventListener("click", () => turn(1));
  for (const head of document.querySelectorAll("th[data-sort]")) {
    head.firstElementChild.addEventListener("click", () => sortBy(head.dataset.sort));
  }
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", () => {
    if (!readAddress()) return;
    update();
    find("findings").scrollIntoView();
    find("findings-title").focus({ preventScroll: true }); // the link may be gone, or far above
  });
  addEventListener("beforeprint", print);
  addEventListener("afterprint", update);

  if (!readAddress()) state = { q: "", page: 1, sort: "", ...Object.fromEntries(FILTERS.map((name) => [name, ""])) };
  update();
})();
