"use strict";
(() => {
  const study = JSON.parse(document.getElementById("study").textContent);
  const place = (id) => document.getElementById(id);

  // ----- who sees what, and in which order: as in order.py

  function numbers(text) {
    let state = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193) >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  function shuffled(items, text) {
    const order = [...items], random = numbers(text);
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other], order[last]];
    }
    return order;
  }

  function itemsOf(code) {
    const turn = Math.floor(numbers(`${study.study}/turn/${code}`)() * study.turns);
    return shuffled(study.items.filter((item) => item.turn === turn), `${study.study}/order/${code}`);
  }

  // ----- what this browser remembers

  const memory = (() => {
    const prefix = `diffex-study:${study.study}`;
    try {
      localStorage.setItem(prefix, localStorage.getItem(prefix) ?? "");
    } catch {
      return null;
    }
    return {
      last: () => localStorage.getItem(prefix) ?? "",
      load(code) {
        try {
          const kept = JSON.parse(localStorage.getItem(`${prefix}:${code}`));
          const whole = kept && typeof kept.answers === "object" && kept.answers && Number.isInteger(kept.position);
          return whole ? kept : null;
        } catch {
          return null;
        }
      },
      keep(state) {
        localStorage.setItem(prefix, state.participant);
        localStorage.setItem(`${prefix}:${state.participant}`, JSON.stringify(state));
      },
    };
  })();

  let state = null;
  let items = [];
  let shownAt = 0;

  function keep() {
    try {
      memory?.keep(state);
    } catch {
      place("forgetful").hidden = false; // it is full
    }
  }

  // ----- the three screens

  function screen(name) {
    for (const id of ["start", "item", "end"]) place(id).hidden = id !== name;
    place("foot").hidden = name !== "item";
    window.scrollTo(0, 0);
  }

  function welcome() {
    const given = new URLSearchParams(location.search);
    const drawn = [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => byte.toString(16).padStart(2, "0"));
    place("code").value = given.get("participant") || given.get("PROLIFIC_PID") || memory?.last() || drawn.join("");
    place("forgetful").hidden = memory !== null;
    tell();
    screen("start");
  }

  function tell() {
    const code = place("code").value.trim();
    const kept = memory?.load(code);
    const done = kept ? itemsOf(code).filter((item) => kept.answers[item.id]).length : 0;
    place("known").textContent = kept ? `This browser has ${done} of ${itemsOf(code).length} answers under this code.` : "";
    place("begin").textContent = kept ? "Go on" : "Begin";
  }

  function begin(event) {
    event.preventDefault();
    const code = place("code").value.trim();
    if (!code) return;
    items = itemsOf(code);
    state = memory?.load(code) ?? { participant: code, started: new Date().toISOString(), position: 0, answers: {} };
    state.participant = code;
    go(Math.min(Math.max(state.position, 0), items.length));
  }

  function go(position) {
    state.position = position;
    keep();
    if (position < items.length) show(items[position]);
    else {
      screen("end");
      place("saved").textContent = "";
      place("thanks").focus();
    }
  }

  function show(item) {
    const number = `${state.position + 1} of ${items.length}`;
    place("progress").textContent = number;
    place("bar").max = items.length;
    place("bar").value = state.position;
    words(item.words);
    place("pictures").replaceChildren(...item.pictures.map((name, index) => figure(name, index, item)));
    const before = state.answers[item.id] ?? {};
    place("queries").replaceChildren(...study.queries.map((query) => asked(query, item, before[query.name])));
    place("back").hidden = state.position === 0;
    screen("item");
    place("progress").focus();
    shownAt = performance.now();
  }

  function words(text) {
    const strong = document.createElement("strong");
    strong.textContent = text;
    place("words").replaceChildren(...(text ? [`${study.named} `, strong] : []));
  }

  const alone = study.titles.length === 1;
  const which = (index) => (alone ? "picture" : `picture: ${study.titles[index].toLowerCase()}`);

  function picture(name, index) {
    const image = new Image();
    image.src = study.pictures[name];
    image.alt = `The ${which(index)}`;
    return image;
  }

  function figure(name, index, item) {
    const caption = document.createElement("figcaption");
    caption.textContent = study.titles[index];
    caption.hidden = alone;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "enlarge" });
    button.setAttribute("aria-label", `Enlarge the ${which(index)}`);
    button.append(picture(name, index));
    button.addEventListener("click", () => large.open(item, index));
    const made = document.createElement("figure");
    made.append(caption, button);
    return made;
  }

  function asked(query, item, answer) {
    const set = document.createElement("fieldset");
    const legend = document.createElement("legend");
    legend.textContent = query.text;
    const options = query.rated
      ? study.scale
      : query.options.length
      ? query.options
      : shuffled(item.options, `${study.study}/options/${state.participant}/${item.id}`);
    const row = document.createElement("div");
    row.className = query.rated ? "scale" : "choice";
    row.append(...options.map((option) => radio(query, option, option === answer)));
    set.append(legend, row);
    if (query.rated) set.append(ends(query));
    return set;
  }

  function radio(query, option, checked) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name: query.name, value: String(option), required: true, checked });
    const text = document.createElement("span");
    text.textContent = String(option);
    label.append(input, text);
    return label;
  }

  function ends(query) {
    const line = document.createElement("div");
    line.className = "ends";
    for (const [value, meaning] of [[study.scale[0], query.low], [study.scale.at(-1), query.high]]) {
      const end = document.createElement("span");
      end.textContent = `${value} = ${meaning}`;
      line.append(end);
    }
    return line;
  }

  function answer(event) {
    event.preventDefault();
    const item = items[state.position];
    const given = new FormData(place("item"));
    const seconds = (state.answers[item.id]?.seconds ?? 0) + (performance.now() - shownAt) / 1000;
    const values = study.queries.map((query) => [
      query.name,
      query.rated ? Number(given.get(query.name)) : given.get(query.name),
    ]);
    state.answers[item.id] = { ...Object.fromEntries(values), seconds: Math.round(seconds * 10) / 10 };
    go(state.position + 1);
  }

  function save() {
    const answered = items.filter((item) => state.answers[item.id]);
    const content = {
      schema: study.answers,
      study: study.study,
      kind: study.kind,
      participant: state.participant,
      rater: { kind: "person" },
      started: state.started,
      saved: new Date().toISOString(),
      complete: answered.length === items.length,
      order: items.map((item) => item.id),
      answers: Object.fromEntries(answered.map((item) => [item.id, state.answers[item.id]])),
    };
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)], { type: "application/json" }));
    const code = state.participant.replace(/[^A-Za-z0-9._-]+/g, "_");
    link.download = `answers-${study.kind}-${study.study.slice(0, 6)}-${code}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    place("saved").textContent = `Saved as ${link.download}, in the folder of your downloads.`;
  }

  // ----- the pictures of an item enlarged, in turns at the same place

  const large = (() => {
    const [dialog, pane, turns] = [place("large"), place("pane"), place("turns")];
    let [images, buttons, at] = [[], [], 0];

    function open(item, index) {
      images = item.pictures.map(picture);
      buttons = images.map((_, number) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = study.titles[number].split(":")[0];
        button.addEventListener("click", () => turn(number));
        return button;
      });
      turns.replaceChildren(...buttons);
      turns.hidden = place("hint").hidden = alone;
      pane.replaceChildren(...images);
      zoom(false);
      dialog.showModal();
      turn(index);
    }

    function turn(index) {
      at = (index + images.length) % images.length;
      images.forEach((image, number) => image.classList.toggle("off", number !== at));
      buttons.forEach((button, number) => button.setAttribute("aria-pressed", String(number === at)));
    }

    function zoom(whole) {
      pane.classList.toggle("whole", whole);
      place("whole").setAttribute("aria-pressed", String(whole));
    }

    const other = () => zoom(!pane.classList.contains("whole"));
    const keys = { ArrowRight: () => turn(at + 1), ArrowLeft: () => turn(at - 1), 1: other };
    dialog.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !Object.hasOwn(keys, event.key)) return;
      event.preventDefault();
      keys[event.key]();
    });
    pane.addEventListener("click", () => turn(at + 1));
    place("whole").addEventListener("click", other);
    place("close").addEventListener("click", () => dialog.close());
    return { open };
  })();

  place("start").addEventListener("submit", begin);
  place("code").addEventListener("input", tell);
  place("item").addEventListener("submit", answer);
  place("back").addEventListener("click", () => go(state.position - 1));
  place("again").addEventListener("click", () => go(items.length - 1));
  place("save").addEventListener("click", save);
  place("early").addEventListener("click", save);
  welcome();
})();
