// The page comes to life.

/** At a glance: for each leading attribute the pair that stands for it. */
function glance() {
  const place = document.getElementById("strip");
  if (!place) return;
  for (const number of report.order.strip) {
    const attribute = attributes[number];
    const index = attribute.pairs.picture.findIndex(hasPicture);
    if (index < 0) continue;
    const { before, after } = pairFacts(attribute, 0, index);
    const link = make("a", { href: `#a${number}`, data: { attribute: number } }, attribute.name);
    const target = report.target_kind === "all" ? make("small", {}, `on ‘${attribute.target}’`) : "";
    const words = make(
      "figcaption",
      {},
      link,
      make("strong", { class: side(attribute.effect) }, `${signed(attribute.effect)} `, make("small", {}, report.unit)),
      target,
    );
    place.append(make("li", {}, make("figure", {}, shot(before), shot(after), words)));
  }
  place.closest("section").hidden = !place.children.length;
}

// Links to attributes lead, without this script, to the table's rows.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-attribute]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  visit(Number(link.dataset.attribute));
});
document.addEventListener("keydown", walk);

addEventListener("hashchange", () => {
  const own = /^#(a\d+|[a-z]+-title)$/.test(location.hash);
  if (own) return;
  readAddress();
  choose({ ...state });
});

addEventListener("beforeprint", () => {
  for (const image of document.images) image.loading = "eager";
});

readAddress();
glance();
arrange();
wireTools();
document.querySelectorAll("table.sortable").forEach(sortable);
document.documentElement.classList.add("scripted");
if (state.open.size) visit([...state.open][0]);
