// The tool bar, the keyboard's walk through the rows, sortable tables, and what is shown as a file.

function syncTools() {
  for (const field of document.querySelectorAll("#tools [name]"))
    if (field.value !== state[field.name]) field.value = state[field.name];
  const at = view();
  const note = document.getElementById("view-note");
  if (note) note.textContent = report.views[at].note;
  const axis = report.views[at].axis;
  document.querySelector(".columns .axis").replaceChildren(...axisEnds(axis));
}

function wireTools() {
  const tools = document.getElementById("tools");
  tools.hidden = false;
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.addEventListener("input", (event) => {
    if (event.target.name in CHOICES) choose({ [event.target.name]: event.target.value });
  });
  const act = {
    reset: () => choose({ find: "", effect: "", n: "", show: "all", edits: "all", sort: "tree" }),
    expand: () => setFolds(true),
    collapse: () => {
      setFolds(false);
      choose({ open: new Set() });
    },
    csv: () => save("csv", "text/csv", asCsv(shownRows())),
    json: () => save("json", "application/json", JSON.stringify(shownRows(), null, 2)),
  };
  tools.addEventListener("click", (event) => act[event.target.closest("[data-act]")?.dataset.act]?.());
  onChange(syncTools);
  syncTools();
}

function setFolds(open) {
  for (const button of document.querySelectorAll(".explorer .fold, .explorer .reveal")) {
    if ((button.getAttribute("aria-expanded") === "true") !== open) button.click();
  }
}

function shownRows() {
  const at = view();
  const order = Object.hasOwn(ORDERS, state.sort) ? sorted : (numbers) => numbers;
  return order(leftOf(attributes.keys())).map((number) => {
    const attribute = attributes[number];
    const { effect, low, high, n } = effectIn(attribute, at);
    const told = {
      candidate: attribute.id,
      name: attribute.name,
      target: at ? report.views[at].label : attribute.target,
      effect,
      low,
      high,
      n,
    };
    return at
      ? told
      : { ...told, p_corrected: attribute.p_corrected, standing: attribute.standing, reason: attribute.reason };
  });
}

function asCsv(table) {
  // a spreadsheet would compute a text that begins like a formula
  const guarded = (value) => (typeof value === "string" && /^'*[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value);
  const cell = (value) => `"${String(guarded(value) ?? "").replaceAll('"', '""')}"`;
  return [Object.keys(table[0] ?? {}), ...table.map(Object.values)]
    .map((line) => `${line.map(cell).join(",")}\r\n`)
    .join("");
}

function save(ending, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  make("a", { href: address, download: `diffex-shown.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Arrow keys: up and down between the rows, right and left to unfold and fold; Home, End; Escape closes. */
function walk(event) {
  const line = event.target.closest?.(".row");
  const panelOf = event.target.closest?.(".panel");
  if (event.key === "Escape" && (line || panelOf)) {
    const number = Number((panelOf ?? line).id.split("-")[1]);
    if (state.open.has(number)) row(number).toggle(false);
    if (rows.has(number)) row(number).open.focus();
    return;
  }
  if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
  const buttons = [...document.querySelectorAll(".explorer button.open")].filter(
    (button) => button.offsetParent !== null,
  );
  const at = buttons.indexOf(line.querySelector("button.open"));
  const foldButton = line.querySelector(".fold");
  const unfold = (wish) => foldButton && foldButton.getAttribute("aria-expanded") !== wish && foldButton.click();
  const moves = {
    ArrowDown: () => buttons[Math.min(at + 1, buttons.length - 1)]?.focus(),
    ArrowUp: () => buttons[Math.max(at - 1, 0)]?.focus(),
    Home: () => buttons[0]?.focus(),
    End: () => buttons.at(-1)?.focus(),
    ArrowRight: () => unfold("true"),
    ArrowLeft: () =>
      foldButton?.getAttribute("aria-expanded") === "true"
        ? unfold("false")
        : line.closest("ul")?.closest("li")?.querySelector("button.open")?.focus(),
  };
  if (!Object.hasOwn(moves, event.key)) return;
  event.preventDefault();
  moves[event.key]();
}

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  const key = (line, column) => {
    const cell = line.cells[column];
    if (cell.dataset.value === undefined) return cell.textContent.trim();
    return cell.dataset.value === "" ? -Infinity : Number(cell.dataset.value);
  };
  const compare = (a, b) => (typeof a === "string" ? a.localeCompare(b) : Math.sign(a - b) || 0);
  heads.forEach((head, column) => {
    const button = make("button", { type: "button" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const rising = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const lines = [...table.tBodies[0].rows].sort(
        (a, b) => compare(key(a, column), key(b, column)) * (rising ? 1 : -1),
      );
      table.tBodies[0].append(...lines);
    });
  });
}
