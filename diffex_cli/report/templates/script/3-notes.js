// One note that floats beside what it is about: what a word means, or the pair of a dot.

const note = make("div", { id: "note", class: "note", role: "tooltip", hidden: true });
document.body.append(note);
let about = null;
let leaving = 0;

const noteOf = (element) => about === element;

/** Show the note about an element, beside a place in the window. */
function showNote(element, { left, top, bottom }, ...content) {
  clearTimeout(leaving);
  if (about !== element) hideNote();
  about = element;
  note.replaceChildren(...content);
  note.hidden = false;
  const { offsetWidth: width, offsetHeight: height } = note;
  const room = document.documentElement.clientWidth - 8;
  const x = Math.max(8, Math.min(left - width / 2, room - width));
  const above = bottom + 8 + height > innerHeight && top - 8 - height > 0;
  note.style.left = `${x + scrollX}px`;
  note.style.top = `${(above ? top - 8 - height : bottom + 8) + scrollY}px`;
}

/** Hide the note; of a certain element, or whatever it is about. */
function hideNote(element = about) {
  if (element !== about) return;
  clearTimeout(leaving);
  about?.removeAttribute("aria-describedby");
  about = null;
  note.hidden = true;
}

/** Leave the time to move the pointer into the note. */
function hideNoteSoon() {
  clearTimeout(leaving);
  leaving = setTimeout(hideNote, 250);
}

note.addEventListener("pointerenter", () => clearTimeout(leaving));
note.addEventListener("pointerleave", hideNoteSoon);
addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !about) return;
    if (!about.closest(".row")) event.stopPropagation(); // what else it closes is open still
    hideNote();
  },
  true,
);
addEventListener("pointerdown", (event) => {
  if (about && !about.contains(event.target) && !note.contains(event.target)) hideNote();
});

/** A word of the glossary; without this script the link leads there. */
const term = (word, text) => make("a", { class: "term", href: `#word-${word}` }, text);

function explain(link) {
  const entry = document.querySelector(link.getAttribute("href"));
  if (!entry || noteOf(link)) return;
  const box = link.getBoundingClientRect();
  const word = make("strong", {}, entry.textContent);
  showNote(link, { left: box.left + box.width / 2, top: box.top, bottom: box.bottom }, word, ` ${entry.nextElementSibling.textContent}`);
  link.setAttribute("aria-describedby", note.id);
}

const termOf = (event) => event.target.closest?.("a.term");
document.addEventListener("pointerover", (event) => {
  const link = event.pointerType === "mouse" && termOf(event);
  if (link) explain(link);
});
document.addEventListener("pointerout", (event) => event.pointerType === "mouse" && termOf(event) && hideNoteSoon());
document.addEventListener("focusin", (event) => {
  if (termOf(event)?.matches(":focus-visible")) explain(termOf(event));
});
document.addEventListener("focusout", (event) => termOf(event) && hideNote(termOf(event)));
document.addEventListener("click", (event) => {
  const link = termOf(event);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  explain(link);
});
